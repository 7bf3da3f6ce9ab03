"""Files between the payload and the ground: repositories, their quotas, and delivery by CFDP (PUS ST23, CFDP class 2).

Enters: protocol data units from the command service, ST23 commands, and whether the ground hears us. Leaves: protocol
data units for telemetry, reports, events. Imports the shared parts of the flight software and `fsw.cfdp`.

    names        REPOSITORY/FILE, and nothing that leads elsewhere
    repository   the folders, what fits into them, and what goes when they are full; the `Files` of the CFDP entity
    delivery     the entity on a link that comes and goes, its durable state
    operations   copies that the ground asked for, to it or between repositories
    tasks        what takes longer than a step: lists, hashes, local copies
    desk         the commands of ST23 and their answers
    service      the shell
    results      the writing end of the repository of results, for whoever runs the models
"""
