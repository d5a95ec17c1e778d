import sys
from functools import partial

from services.feedback.service import NAME, Service
from services.feedback.settings import FeedbackSettings
from shared.command_line import Step, main
from shared.relay import PublishTrouble


async def rebuild(service: Service) -> str:
    try:
        whole = await service.rebuild(partial(print, flush=True))
    except PublishTrouble as trouble:
        sys.exit(f"{trouble} · 无法使用消息队列")
    if not whole:
        sys.exit(1)
    return "every history is made of all its events · 全部时间线已重建"


RECOUNT = Step[Service]("count rates and desks anew, beside what is served; workers go on with it", lambda service: service.recount())
STEPS = {
    "recount": RECOUNT,
    "rebuild": Step[Service]("make the histories anew from the events of all services, which republish sends", rebuild),
}

if __name__ == "__main__":
    settings = FeedbackSettings()
    main(NAME, settings, lambda: Service(settings), STEPS)
