"""Start the demo tasks that the settings ask for beside a serving application."""

from preview.core.clock import today
from preview.demo.case_system import CaseSystemSimulator
from preview.demo.loader import DemoLoader
from preview.runtime.application import Application


def start_demo_tasks(application: Application) -> list[DemoLoader | CaseSystemSimulator]:
    """Start the tasks on threads of their own.

    Args:
        application: The services; `demo` and `demo_live` of its settings choose the tasks.

    Returns:
        The running tasks; call `stop` of each before the application is closed.
    """
    settings = application.settings
    tasks: list[DemoLoader | CaseSystemSimulator] = []
    if settings.demo:
        tasks.append(DemoLoader(application, today()))
    if settings.demo_live and settings.effective_inbox_dir:
        tasks.append(CaseSystemSimulator(application.database, settings.effective_inbox_dir))
    for task in tasks:
        task.start()
    return tasks
