"""Who may see which field of intake's part of the graph: one row for every field, and the schema is held to it (shared/policy.py)."""

from __future__ import annotations

from services.intake.store.mongo import access_of
from services.intake.usecases import archiving, create_upload, record_duty, record_reception, record_visit, recording, register_grievance
from shared.identity.roles import Role
from shared.identity.rules import (
    EVERYBODY,
    HOLDS_PIN,
    KNOWS_PETITIONER,
    LISTED,
    OF_OBJECT,
    SEES,
    SIGNED_IN,
    TO_ITS_AUTHOR,
    TO_THE_REFUSED,
    command,
    officials,
    quietly,
)
from shared.policy import Guarded, Policy

REGISTERS = command(
    "群众，或辖区内的登记岗位",
    "residents, and who takes grievances in their territory",
    register_grievance.ROLES,
    lambda viewer, access: register_grievance.may_register_at(viewer, access.division),
    "ROLE_MISSING OUT_OF_SCOPE",
)
UPLOADS = command(
    "登记或承办岗位，且可见该诉求",
    "who registers or handles, for a grievance that they may see",
    create_upload.ROLES,
    SEES.allows,
    "ROLE_MISSING NOT_FOUND",
)

OFFICIALS = officials(
    "工作人员",
    "officials",
    (
        Role.SECRETARY,
        Role.TEAM_LEADER,
        Role.COMMUNITY_SECRETARY,
        Role.DISPATCHER,
        Role.SUPERVISOR,
        Role.AUDITOR,
        Role.DATA_OFFICER,
        Role.COUNTY_ADMIN,
        Role.CITY_ADMIN,
    ),
)
ADMINS = officials("县级、市级管理员，仅本人任务", "county and city admins, their own alone", recording.ROLES)
RECORDS = command(
    "辖区内的县级、市级管理员",
    "county and city admins, in their territory",
    recording.ROLES,
    lambda viewer, access: viewer.covers(access.division),
    "ROLE_MISSING OUT_OF_SCOPE",
)
VISITS = command(
    "该户所属团队的民情书记、带队领导",
    "secretaries and leaders of the household's team",
    record_visit.ROLES,
    lambda viewer, access: viewer.team is not None and viewer.team == access.team,
    "ROLE_MISSING NOT_FOUND",
)

RECEIVES = command(
    "辖区内的县级、市级管理员，或本团队的带队领导",
    "county and city admins in their territory, and leaders for their own team",
    record_reception.ROLES,
    lambda viewer, access: record_reception.may_record(viewer, access.division, access.team),
    "ROLE_MISSING OUT_OF_SCOPE NOT_YOUR_TEAM TEAM_ELSEWHERE",
)
DOES = command(
    "民情书记、带队领导本人", "secretaries and leaders, for themselves", record_duty.DOERS, lambda _viewer, _access: True, "ROLE_MISSING"
)
PROPOSES = command(
    "该档案所属团队的民情书记、带队领导",
    "secretaries and leaders of the archive's team",
    archiving.PROPOSERS,
    lambda viewer, access: archiving.may_propose(viewer, access.team),
    "ROLE_MISSING NOT_FOUND OUT_OF_SCOPE NO_TEAM",
)
DECIDES = command(
    "该团队的带队领导，或辖区内的社区书记、县级管理员，提出人除外",
    "the team's leader, or community secretaries and county admins in their territory, but never who proposed it",
    archiving.DECIDERS,
    lambda viewer, access: archiving.may_decide(viewer, access.team, access.division),
    "ROLE_MISSING NOT_FOUND OWN_PROPOSAL",
)
ARCHIVE_READERS = officials("可查档案的工作人员，本团队或辖区内", "who reads archives, of their team or territory", archiving.READERS)
TEAM_MEMBERS = officials("民情书记、带队领导", "secretaries and team leaders", record_duty.DOERS)

POLICY = Policy(
    objects={
        "Grievance": Guarded(
            SEES,
            lambda grievance, _context: access_of(grievance.held),
            quiet=True,
            exempt=lambda grievance: grievance.to_its_author,
        ),
        "Division": Guarded(EVERYBODY),
    },
    fields={
        "Query": {
            "_entities": OF_OBJECT,
            "_service division divisions locate receptionSites sheetTemplates campaigns receptions": EVERYBODY,
            "transfer transfers": ADMINS,
            "team teams departmentRecords posts accountable": OFFICIALS,
            "coverage teamCoverage participation households": OFFICIALS,
            "duties teamMonth countyBoard": OFFICIALS,
            "archive archives": ARCHIVE_READERS,
            "archiveFields": EVERYBODY,
            "myDay calendarFeed": TEAM_MEMBERS,
            "grievance grievances": SIGNED_IN,
            "me": quietly(SIGNED_IN),
        },
        "Mutation": {
            "registerGrievance": REGISTERS,
            "createUpload": UPLOADS,
            "openByPin": HOLDS_PIN,
            "recordDivision recordReceptionSite recordTeam recordMember recordDepartment recordPost": RECORDS,
            "recordCampaign recordDuty": RECORDS,
            "recordReception": RECEIVES,
            "recordDutyDone": DOES,
            "startImport startExport": RECORDS,
            "recordVisit": VISITS,
            "proposeArchiveChange": PROPOSES,
            "decideArchiveChange": DECIDES,
        },
        "Grievance": {
            "id number kind channel subject text registeredAt occurredAt anonymous confidential urgent campaign": OF_OBJECT,
            "registeredBy division": OF_OBJECT,
            "petitioner": KNOWS_PETITIONER,
            "attachments": quietly(SEES),
        },
        "Owner": {"staffId role unit": OF_OBJECT},
        "Petitioner": {"kind displayName phone": OF_OBJECT},
        "Attachment": {"id name contentType size sha256 purpose url": OF_OBJECT},
        "GrievanceConnection": {"edges": LISTED, "pageInfo": OF_OBJECT},
        "GrievanceEdge": {"cursor node": OF_OBJECT},
        "PageInfo": {"hasNextPage endCursor": OF_OBJECT},
        "Division": {"code name level fullName local aliases parent": OF_OBJECT},
        "Located": {"division rest candidates": OF_OBJECT},
        "ReceptionSite": {"code kind name division address": OF_OBJECT},
        "Team": {"code name programmes campaign division leader contactUnits members": OF_OBJECT},
        "TeamEdge": {"cursor node": OF_OBJECT},
        "TeamConnection": {"edges pageInfo": OF_OBJECT},
        "Member": {
            "id displayName phone kinds rank mandates mayLead team unit assigned department programmes": OF_OBJECT,
        },
        "DepartmentRecord": {"code name division head receiver": OF_OBJECT},
        "Post": {"id post division holder role": OF_OBJECT},
        "DivisionRecorded": {"division": OF_OBJECT},
        "ReceptionSiteRecorded": {"site": OF_OBJECT},
        "TeamRecorded": {"team": OF_OBJECT},
        "MemberRecorded": {"member": OF_OBJECT},
        "DepartmentRecorded": {"department": OF_OBJECT},
        "PostRecorded": {"post": OF_OBJECT},
        "OrganisationRefused": {"code message messageZh field": TO_THE_REFUSED},
        "Campaign": {"code name nameEn parent programmes activityDays monthlyRound cancelledDays launches": OF_OBJECT},
        "Launch": {"division since until": OF_OBJECT},
        "Appointment": {"kind title titleEn source day startsAt endsAt movedFrom team site": OF_OBJECT},
        "Duty": {"code name nameEn period since until": OF_OBJECT},
        "DutyStanding": {"duty period done lastDone dueBy behind": OF_OBJECT},
        "DutyProgress": {"duty period members done": OF_OBJECT},
        "CampaignRecorded": {"campaign": OF_OBJECT},
        "ReceptionRecorded": {"appointments": OF_OBJECT},
        "DutyRecorded": {"duty": OF_OBJECT},
        "DutyDone": {"standings": OF_OBJECT},
        "ReceptionRefused": {"code message messageZh field": TO_THE_REFUSED},
        "DutyRefused": {"code message messageZh field": TO_THE_REFUSED},
        "SecretaryDay": {"on activityDay appointments duties visited toVisit householdsDue": OF_OBJECT},
        "MemberMonth": {"member visits lastOut duties": OF_OBJECT},
        "TeamMonth": {"team month covered appointments members": OF_OBJECT},
        "CountyBoard": {"division period coverage participation duties appointments teams": OF_OBJECT},
        "Visit": {"on team member": OF_OBJECT},
        "Household": {"id place number displayName phone persons team contract lastVisit visits": OF_OBJECT},
        "HouseholdEdge": {"cursor node": OF_OBJECT},
        "HouseholdConnection": {"edges pageInfo": OF_OBJECT},
        "Covered": {"households persons visited toVisit visits behind": OF_OBJECT},
        "DivisionCoverage": {"division covered": OF_OBJECT},
        "TeamCoverage": {"team covered": OF_OBJECT},
        "TeamCoverageEdge": {"cursor node": OF_OBJECT},
        "TeamCoverageConnection": {"edges pageInfo": OF_OBJECT},
        "RankParticipation": {"rank members wentOut": OF_OBJECT},
        "VisitRecorded": {"household": OF_OBJECT},
        "VisitRefused": {"code message messageZh field": TO_THE_REFUSED},
        "ArchiveField": {"part code name nameEn form personal sensitive years": OF_OBJECT},
        "ArchiveConsent": {"how on": OF_OBJECT},
        "ArchiveDatum": {"field value purpose consent retainUntil since by encounter setBy": OF_OBJECT},
        "ArchiveResident": {"id data": OF_OBJECT},
        "ArchiveChange": {"action resident field value current stale purpose consent retainUntil": OF_OBJECT},
        "ArchiveProposal": {"id by at encounter note state decidedBy decidedAt reason changes": OF_OBJECT},
        "ArchiveReplaced": {"at by proposal action resident field was": OF_OBJECT},
        "Archive": {"id kind village team residents conditions proposals history": OF_OBJECT},
        "ArchiveEdge": {"cursor node": OF_OBJECT},
        "ArchiveConnection": {"edges pageInfo": OF_OBJECT},
        "ArchiveChangeProposed": {"archive proposalId": OF_OBJECT},
        "ArchiveChangeDecided": {"archive": OF_OBJECT},
        "ArchiveProposalRefused": {"code message messageZh field": TO_THE_REFUSED},
        "ArchiveDecisionRefused": {"code message messageZh field current proposed": TO_THE_REFUSED},
        "SheetColumn": {"name nameZh required many words": OF_OBJECT},
        "SheetTemplate": {"kind header columns": OF_OBJECT},
        "RowFault": {"line column code reason reasonZh": OF_OBJECT},
        "Transfer": {
            "id direction kind state line added changed unchanged refused faults": OF_OBJECT,
            "failure failureZh askedAt endedAt fileUrl reportUrl": OF_OBJECT,
        },
        "TransferStarted": {"transfer": OF_OBJECT},
        "TransferRefused": {"code message messageZh field": TO_THE_REFUSED},
        "Me": {"sub roles department team scopes": OF_OBJECT},
        "Registered": {"grievance pin": TO_ITS_AUTHOR},
        "RegisterRefused": {"code message messageZh field": TO_THE_REFUSED},
        "Opened": {"accessToken expiresAt grievanceId": OF_OBJECT},
        "OpenRefused": {"code message messageZh field": TO_THE_REFUSED},
        "Upload": {"attachmentId url method expiresAt": OF_OBJECT},
        "UploadRefused": {"code message messageZh field": TO_THE_REFUSED},
        "_Service": {"sdl": OF_OBJECT},
    },
)
