using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using VisionPlatform.Application.Backups;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Orchestrations;
using VisionPlatform.Orchestrations.Backups;

namespace VisionPlatform.Api.Backups;

/// <summary>Backups for administrators: what there is, and taking one now. Restoring is a matter for <c>platform-cli</c>.</summary>
public sealed class BackupFunctions(BackupRuns runs, BackupHealth health, DataLocations locations, TimeProvider time)
{
    private const string Route = "api/v1/operations/backups";
    private const int Most = 20;

    [Function("ListBackups"), RequiresPermission(Permission.OperationsRead)]
    [Operation("List backups", Returns = typeof(BackupsAnswer), Unversioned = "Backups are added by timers and commands, not by changing this resource.",
        Description = "The complete backups of each database, and whether they are fresh.")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        if (!runs.IsConfigured)
            return Answer.Ok(new BackupsAnswer(false, []));
        var databases = new List<DatabaseBackupsAnswer>();
        foreach (var state in await health.StatesAsync(cancellation))
        {
            var complete = (await runs.Store.ListAsync(state.Database, cancellation)).Where(backup => backup.Manifest is not null).Take(Most);
            databases.Add(new DatabaseBackupsAnswer(
                state.Database, health.Problem(state), state.Drilled, [.. complete.Select(backup => BackupAnswer.Of(BackupRuns.Summary(backup.Manifest!)))]));
        }
        return Answer.Ok(new BackupsAnswer(true, databases));
    }

    [Function("StartBackup"), RequiresPermission(Permission.OperationsRun)]
    [Operation("Back up a database now", Body = typeof(BackupRequest), Example = """{"database":"platform"}""", Returns = typeof(StartedBackupAnswer), Status = 202,
        NotIdempotent = "A second request in the same minute starts no second backup.", Problems = ["INVALID_STATE", "NOT_FOUND"],
        Description = "Starts a backup, which then appears in the list. Refused while no bucket is configured for backups.")]
    public async Task<IResult> Start([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<BackupRequest>(cancellation);
        if (!runs.IsConfigured)
            throw new ProblemException(ErrorCodes.InvalidState, "There is no bucket for backups: set BACKUP_BUCKET.");
        if (!locations.DatabaseNames.Contains(body.Database))
            throw ProblemException.NoSuch("database", "database");
        var now = time.GetUtcNow();
        var minute = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, now.Minute, 0, TimeSpan.Zero);
        var operation = BackupSchedule.InstanceId("backup-now", body.Database, minute);
        await durable.ScheduleOnceAsync(nameof(TakeBackup), body.Database, operation, cancellation);
        return Answer.Accepted($"/{Route}", new StartedBackupAnswer(operation, body.Database));
    }
}
