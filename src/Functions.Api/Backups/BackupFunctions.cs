using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using VisionPlatform.Api.Operations;
using VisionPlatform.Application.Backups;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Backups;

/// <summary>Backups for administrators: what there is, and taking one now.</summary>
public sealed class BackupFunctions(BackupRuns runs, BackupHealth health, OperationPlans plans, OperationStarts starts)
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
    [Operation("Back up a database now", Body = typeof(BackupRequest), Example = """{"database":"platform"}""", Returns = typeof(OperationAnswer), Status = 202,
        Problems = ["INVALID_STATE", "NOT_FOUND", "OPERATION_UNDER_WAY"],
        Description = "Starts an operation that takes a backup, which then appears in the list, and removes backups that are no longer kept. Refused while no bucket is configured for backups.")]
    public async Task<IResult> Start([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<BackupRequest>(cancellation);
        return await starts.StartAsync(request, durable, plans.Backup(body.Database), cancellation);
    }
}
