-- The queue of jobs: a claim finds the next job, and a report its own jobs, without looking at all others that wait.

DROP INDEX job_open;
CREATE INDEX job_open ON job (organization_id, job) WHERE job_status IN ('waiting', 'running');
CREATE INDEX job_waiting ON job (automatic, job) WHERE job_status = 'waiting';
