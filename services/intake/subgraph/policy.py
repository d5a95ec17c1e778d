"""Who may see which field of intake's part of the graph: one row for every field, and the schema is held to it (shared/policy.py)."""

from __future__ import annotations

from services.intake.store.mongo import access_of
from services.intake.usecases import (
    archiving,
    check_day_summary,
    correct_petitioner,
    create_upload,
    decide_reveal,
    encounter_access,
    erase_petitioner,
    export_personal_data,
    hand_up_day_summary,
    look_up_by_phone,
    record_duty,
    record_reception,
    record_visit,
    recording,
    register_grievance,
    reveal_archive,
    reveal_petitioner,
    tell_petitioner,
    writing,
)
from shared.identity.access import is_petitioner, may_know_petitioner, may_see
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
    Held,
    Rule,
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
REVEALS_ARCHIVES = command(
    "该档案所属团队，或辖区内的社区书记、县级管理员、数据保护专员",
    "the archive's team, and community secretaries, county admins and data officers in their territory",
    reveal_archive.ROLES,
    lambda viewer, access: reveal_archive.may_reveal(viewer, access.team, access.division),
    "ROLE_MISSING NOT_FOUND",
)
ARCHIVE_READERS = officials("可查档案的工作人员，本团队或辖区内", "who reads archives, of their team or territory", archiving.READERS)
TEAM_MEMBERS = officials("民情书记、带队领导", "secretaries and team leaders", record_duty.DOERS)
READS_FIELD = officials("所属团队，或辖区内的上级", "the team's own people, and who is above in the territory", encounter_access.READERS)
SEES_ENCOUNTER = Rule(
    "可见该诉求，且属该团队或为辖区内的上级",
    "may see the grievance, and is of its team or above in the territory",
    Held.GRIEVANCE,
    lambda viewer, access: may_see(viewer, access) and encounter_access.sees_encounters_of(viewer, access.team, access.division),
    quiet=True,
)

WRITES = command(
    "民情书记、带队领导",
    "secretaries and team leaders, of their own team",
    writing.ROLES,
    lambda _viewer, _access: True,
    "ROLE_MISSING NOT_FOUND",
)

SUMMARISES = command(
    "民情书记、带队领导本人当日所受理",
    "secretaries and leaders, of what they heard themselves",
    check_day_summary.ROLES,
    lambda _viewer, _access: True,
    "ROLE_MISSING",
)
TELLS = command(
    "受理团队的民情书记、带队领导",
    "secretaries and leaders of the team that heard it",
    check_day_summary.ROLES,
    tell_petitioner.of_the_team,
    "ROLE_MISSING NOT_FOUND",
)
HANDED = officials(
    "辖区内的上级和社区书记、该镇（街道）党工委工作人员",
    "who is above in the territory, community secretaries, and staff of the town's committee",
    (*hand_up_day_summary.RECEIVERS, *hand_up_day_summary.STAFF),
)
NOT_ACCUSING = Rule(
    "不含涉及本部门的",
    "without what accuses one's own department",
    Held.QUERY,
    lambda viewer, access: viewer.department is None or viewer.department not in access.accused_departments,
)
REVEALS = command(
    "承办、受理或监督岗位，且可见该诉求；要求保密的须他人批准",
    "who handles, hears or supervises a grievance that they may see; of a confidential one with a second person's yes",
    reveal_petitioner.ROLES,
    may_see,
    "ROLE_MISSING NOT_FOUND",
)
GRANTS = command(
    "辖区内的数据保护专员、督查专员，申请人除外",
    "data officers and supervisors in their territory, but never who asked",
    decide_reveal.ROLES,
    may_see,
    "ROLE_MISSING NOT_FOUND",
)
LOOKS_UP = command(
    "受理、转办、回访岗位和数据保护专员，每日限次",
    "who hears, dispatches or calls, and data officers; so many a day",
    look_up_by_phone.ROLES,
    lambda _viewer, _access: True,
    "ROLE_MISSING",
)
EXPORTS = command(
    "本人，或辖区内的数据保护专员；要求保密的须先获准查看",
    "the person themselves, and data officers in their territory; of a confidential one after a granted reveal",
    export_personal_data.ROLES,
    lambda viewer, access: (
        may_see(viewer, access) and (is_petitioner(viewer, access) or (viewer.has(Role.DATA_OFFICER) and not access.confidential))
    ),
    "ROLE_MISSING NOT_FOUND NOT_YOURS REVEAL_NEEDED",
)
CORRECTS = command(
    "本人、受理团队，或辖区内的数据保护专员",
    "the person themselves, the team that heard it, and data officers in their territory",
    correct_petitioner.ROLES,
    correct_petitioner.may_correct,
    "ROLE_MISSING NOT_FOUND NOT_YOURS",
)
ERASES = command(
    "辖区内的数据保护专员",
    "data officers, in their territory",
    erase_petitioner.ROLES,
    erase_petitioner.may_erase,
    "ROLE_MISSING NOT_FOUND NOT_YOURS",
)
READS_LOOKS = officials("辖区内的数据保护专员、审计员", "data officers and auditors, of their territory", (Role.DATA_OFFICER, Role.AUDITOR))
DECIDES_REVEALS = officials("辖区内的数据保护专员、督查专员", "data officers and supervisors, of their territory", decide_reveal.ROLES)
ALONE = Rule(
    "诉求人未要求保密", "where the petitioner did not ask to stay unknown", Held.OBJECT, lambda _viewer, access: not access.confidential
)
WITH_A_SECOND = Rule(
    "诉求人要求保密", "where the petitioner asked to stay unknown", Held.OBJECT, lambda _viewer, access: access.confidential
)
KNOWN = Rule("仅列可知诉求人的诉求", "lists those whose petitioner one may know", Held.QUERY, may_know_petitioner)
IF_VISIBLE = Rule("可见该诉求", "may see the grievance", Held.OBJECT, may_see)

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
            "grievanceShare": OFFICIALS,
            "daySummary": TEAM_MEMBERS,
            "handedUp": HANDED,
            "archive archives": ARCHIVE_READERS,
            "archiveFields": EVERYBODY,
            "accessLog": READS_LOOKS,
            "revealsToDecide": DECIDES_REVEALS,
            "myDay calendarFeed": TEAM_MEMBERS,
            "policyMessages": EVERYBODY,
            "encounter encounters fieldTotals teamLedger": READS_FIELD,
            "diaries": TEAM_MEMBERS,
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
            "recordEncounter amendEncounter writeDiary amendDiary syncFieldBatch": WRITES,
            "recordPolicyMessage": RECORDS,
            "checkDaySummary handUpDaySummary": SUMMARISES,
            "tellPetitioner completeGrievance": TELLS,
            "proposeArchiveChange": PROPOSES,
            "decideArchiveChange": DECIDES,
            "revealArchive": REVEALS_ARCHIVES,
            "revealPetitioner": REVEALS,
            "decideReveal": GRANTS,
            "lookUpByPhone": LOOKS_UP,
            "exportPersonalData": EXPORTS,
            "correctPetitioner": CORRECTS,
            "erasePetitioner": ERASES,
        },
        "Grievance": {
            "id number kind channel subject text registeredAt occurredAt anonymous confidential urgent campaign": OF_OBJECT,
            "registeredBy division": OF_OBJECT,
            "toldInPerson erasedAt": OF_OBJECT,
            "petitioner": KNOWS_PETITIONER,
            "encounter": SEES_ENCOUNTER,
            "attachments": quietly(SEES),
        },
        "Owner": {"staffId role unit": OF_OBJECT},
        "Petitioner": {"kind displayName phone openid": OF_OBJECT},
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
        "DepartmentRecord": {"code name division head receiver committee": OF_OBJECT},
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
        "GrievanceShare": {"period foundByVisit byPetition share onSpot done open byChannel": OF_OBJECT},
        "ChannelShare": {"channel grievances": OF_OBJECT},
        "ToldInPerson": {"on words by delivered": OF_OBJECT},
        "DaySummary": {"day by": OF_OBJECT, "remark items": NOT_ACCUSING},
        "SummaryItem": {"grievanceId mark remark to handedUpAt state toTell grievance": OF_OBJECT, "decision": IF_VISIBLE},
        "Decided": {"status owner publicReply at": OF_OBJECT},
        "DaySummaryEdge": {"cursor node": OF_OBJECT},
        "DaySummaryConnection": {"edges": NOT_ACCUSING, "pageInfo": OF_OBJECT},
        "DaySummaryKept": {"summary": OF_OBJECT},
        "SummaryRefused": {"code message messageZh field": TO_THE_REFUSED},
        "PetitionerTold": {"grievance": OF_OBJECT},
        "TellRefused": {"code message messageZh field": TO_THE_REFUSED},
        "GrievanceCompleted": {"grievance": OF_OBJECT},
        "CompleteRefused": {"code message messageZh field": TO_THE_REFUSED},
        "AccessRecord": {"id at by role what purpose reason origin of subject": OF_OBJECT},
        "AccessRecordEdge": {"cursor node": OF_OBJECT},
        "AccessLog": {"edges pageInfo": OF_OBJECT},
        "Reveal": {"id state by purpose reason at until decidedBy decidedAt": OF_OBJECT},
        "RevealToDecide": {"id grievance by purpose reason at": OF_OBJECT},
        "RevealEdge": {"cursor node": OF_OBJECT},
        "RevealConnection": {"edges": LISTED, "pageInfo": OF_OBJECT},
        "PetitionerInClear": {"name phone openid subject text place": OF_OBJECT},
        "PetitionerRevealed": {"grievance reveal petitioner": ALONE},
        "RevealPending": {"grievance reveal": WITH_A_SECOND},
        "RevealRefused": {"code message messageZh field": TO_THE_REFUSED},
        "RevealDecided": {"grievance reveal": OF_OBJECT},
        "RevealDecisionRefused": {"code message messageZh field": TO_THE_REFUSED},
        "FoundByPhone": {"grievances": KNOWN},
        "LookUpRefused": {"code message messageZh field": TO_THE_REFUSED},
        "PersonalRecord": {"grievance petitioner looks": OF_OBJECT},
        "PersonalLook": {"at role what purpose reason": OF_OBJECT},
        "PersonalDataExported": {"data records": OF_OBJECT},
        "PersonalDatum": {"what purpose basis consent recordedOn retainUntil": OF_OBJECT},
        "ExportRefused": {"code message messageZh field": TO_THE_REFUSED},
        "PetitionerCorrected": {"grievance": OF_OBJECT},
        "CorrectionRefused": {"code message messageZh field": TO_THE_REFUSED},
        "PetitionerErased": {"grievance": OF_OBJECT},
        "ErasureRefused": {"code message messageZh field": TO_THE_REFUSED},
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
        "ArchiveRevealed": {"archive until": OF_OBJECT},
        "ArchiveRevealRefused": {"code message messageZh field": TO_THE_REFUSED},
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
        "Registered": {"grievance pin uploads": TO_ITS_AUTHOR},
        "PhotoUpload": {"sha256 attachmentId stored url expiresAt": OF_OBJECT},
        "PolicyMessage": {"code title titleEn text division since until": OF_OBJECT},
        "EncounterVersion": {
            "id base by at text attendance participants messages enterprise": OF_OBJECT,
            "place household": quietly(TEAM_MEMBERS),
        },
        "Encounter": {
            "id kind team member at on clock campaign reception notes heads division": OF_OBJECT,
            "grievances": LISTED,
            "photos": quietly(TEAM_MEMBERS),
        },
        "EncounterEdge": {"cursor node": OF_OBJECT},
        "EncounterConnection": {"edges pageInfo": OF_OBJECT},
        "DiaryVersion": {"id base at text encounters": OF_OBJECT},
        "Diary": {"id member team on clock page heads": OF_OBJECT},
        "DiaryEdge": {"cursor node": OF_OBJECT},
        "DiaryConnection": {"edges pageInfo": OF_OBJECT},
        "EncounterCount": {"kind number": OF_OBJECT},
        "MessageCount": {"code number": OF_OBJECT},
        "FieldTotals": {"period encounters people messages": OF_OBJECT},
        "LedgerRow": {"number on subject onSpotAnswer state owner dueAt publicReply grievance": OF_OBJECT},
        "LedgerEdge": {"cursor node": OF_OBJECT},
        "Ledger": {"team period totals heard onSpot done open pageInfo": OF_OBJECT, "edges": LISTED},
        "EncounterRecorded": {"encounter grievances uploads": OF_OBJECT},
        "EncounterRefused": {"code message messageZh field": TO_THE_REFUSED},
        "DiaryWritten": {"diary": OF_OBJECT},
        "DiaryRefused": {"code message messageZh field": TO_THE_REFUSED},
        "PolicyMessageRecorded": {"policyMessage": OF_OBJECT},
        "ItemAnswer": {"id outcome clock recordId archive encounter diary registered uploads refusal": OF_OBJECT},
        "ItemRefused": {"code message messageZh field": OF_OBJECT},
        "FieldBatchSynced": {"clockOffBy answers": OF_OBJECT},
        "FieldBatchRefused": {"code message messageZh field": TO_THE_REFUSED},
        "RegisterRefused": {"code message messageZh field": TO_THE_REFUSED},
        "Opened": {"accessToken expiresAt grievanceId": OF_OBJECT},
        "OpenRefused": {"code message messageZh field": TO_THE_REFUSED},
        "Upload": {"attachmentId url method expiresAt": OF_OBJECT},
        "UploadRefused": {"code message messageZh field": TO_THE_REFUSED},
        "_Service": {"sdl": OF_OBJECT},
    },
)
