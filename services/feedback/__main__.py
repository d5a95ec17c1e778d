from services.feedback.service import NAME, Service
from services.feedback.settings import FeedbackSettings
from shared.command_line import main

if __name__ == "__main__":
    settings = FeedbackSettings()
    main(NAME, settings, lambda: Service(settings))
