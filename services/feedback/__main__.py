from services.feedback.service import NAME, Service
from services.feedback.settings import FeedbackSettings
from shared.command_line import Step, main

RECOUNT = Step[Service]("count rates and desks anew, beside what is served; workers go on with it", lambda service: service.recount())
STEPS = {"recount": RECOUNT}

if __name__ == "__main__":
    settings = FeedbackSettings()
    main(NAME, settings, lambda: Service(settings), STEPS)
