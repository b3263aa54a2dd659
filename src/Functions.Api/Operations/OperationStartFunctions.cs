using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Api.Operations;

/// <summary>Starting operations, one address a kind. <see cref="Backups.BackupFunctions"/> starts backups.</summary>
public sealed class OperationStartFunctions(OperationPlans plans, OperationStarts starts)
{
    private const string Route = OperationFunctions.Route;
    private const double MostDeleted = 0.25;

    [Function("StartDatabaseCopy"), RequiresPermission(Permission.OperationsRun)]
    [Operation("Copy a database", Body = typeof(DatabaseCopyBody), Example = """{"source":"platform","target":"archive","replace":false,"dryRun":true}""", Returns = typeof(OperationAnswer), Status = 202,
        Problems = ["NOT_FOUND", "NOT_CONFIRMED", "TARGET_IN_USE", "OPERATION_UNDER_WAY"],
        Description = "Starts an operation that copies a database with its schema, as it is at one point in time, and compares the rows. Databases are named as in the settings.")]
    public async Task<IResult> CopyDatabase([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/database-copies")] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<DatabaseCopyBody>(cancellation);
        return await starts.StartAsync(request, durable, plans.CopyDatabase(body.Source, body.Target, body.Replace == true, body.Confirm, body.DryRun == true), cancellation);
    }

    [Function("StartDatabaseComparison"), RequiresPermission(Permission.OperationsRun)]
    [Operation("Compare two databases", Body = typeof(DatabaseComparisonBody), Example = """{"first":"platform","second":"archive"}""", Returns = typeof(OperationAnswer), Status = 202,
        Problems = ["NOT_FOUND"],
        Description = "Starts an operation that compares the rows of two databases, table by table. Its report has a sentence for each table that differs.")]
    public async Task<IResult> CompareDatabases([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/database-comparisons")] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<DatabaseComparisonBody>(cancellation);
        return await starts.StartAsync(request, durable, plans.CompareDatabases(body.First, body.Second), cancellation);
    }

    [Function("StartStorageSync"), RequiresPermission(Permission.OperationsRun)]
    [Operation("Sync a bucket", Body = typeof(StorageSyncBody), Example = """{"source":"datasets","target":"cold","delete":true,"maxDelete":0.1,"confirm":"cold","dryRun":false}""", Returns = typeof(OperationAnswer), Status = 202,
        Problems = ["NOT_FOUND", "NOT_CONFIRMED", "OPERATION_UNDER_WAY"],
        Description = "Starts an operation that copies to a bucket what it lacks or has differently from another one. Buckets are named as in the settings.")]
    public async Task<IResult> SyncStorage([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/storage-syncs")] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<StorageSyncBody>(cancellation);
        var plan = plans.SyncStorage(body.Source, body.Target, body.Prefix ?? "", body.Delete == true, body.MaxDelete ?? MostDeleted, body.BytesPerSecond, body.Confirm, body.DryRun == true);
        return await starts.StartAsync(request, durable, plan, cancellation);
    }

    [Function("StartStorageComparison"), RequiresPermission(Permission.OperationsRun)]
    [Operation("Compare two buckets", Body = typeof(StorageComparisonBody), Example = """{"first":"datasets","second":"cold","checksum":false}""", Returns = typeof(OperationAnswer), Status = 202,
        Problems = ["NOT_FOUND"],
        Description = "Starts an operation that finds the objects in which two buckets differ. Its report counts them and has the first ones.")]
    public async Task<IResult> CompareStorage([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/storage-comparisons")] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<StorageComparisonBody>(cancellation);
        return await starts.StartAsync(request, durable, plans.CompareStorage(body.First, body.Second, body.Prefix ?? "", body.Checksum == true), cancellation);
    }

    [Function("StartRestore"), RequiresPermission(Permission.OperationsRun)]
    [Operation("Restore a backup", Body = typeof(RestoreBody), Example = """{"database":"platform","backup":"latest","target":"archive","replace":false,"swap":true,"confirm":"archive","dryRun":false}""", Returns = typeof(OperationAnswer), Status = 202,
        Problems = ["NOT_FOUND", "NOT_CONFIRMED", "TARGET_IN_USE", "OPERATION_UNDER_WAY", "INVALID_STATE"],
        Description = "Starts an operation that fills a database from a backup and compares it with the backup. The databases that the app works with are restored by platform-cli while the app is stopped.")]
    public async Task<IResult> Restore([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/restores")] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<RestoreBody>(cancellation);
        return await starts.StartAsync(request, durable, plans.Restore(body.Database, body.Backup, body.Target, body.Replace == true, body.Swap == true, body.Confirm, body.DryRun == true), cancellation);
    }

    [Function("StartBackupVerification"), RequiresPermission(Permission.OperationsRun)]
    [Operation("Verify a backup", Body = typeof(BackupVerificationBody), Example = """{"database":"platform","backup":"latest"}""", Returns = typeof(OperationAnswer), Status = 202,
        Problems = ["NOT_FOUND", "INVALID_STATE"],
        Description = "Starts an operation that reads a whole backup and compares every part of it with its manifest.")]
    public async Task<IResult> VerifyBackup([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/backup-verifications")] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<BackupVerificationBody>(cancellation);
        return await starts.StartAsync(request, durable, plans.VerifyBackup(body.Database, body.Backup), cancellation);
    }

    [Function("StartDrill"), RequiresPermission(Permission.OperationsRun)]
    [Operation("Try a restore", Body = typeof(DrillBody), Example = """{"database":"platform"}""", Returns = typeof(OperationAnswer), Status = 202,
        Problems = ["NOT_FOUND", "OPERATION_UNDER_WAY", "INVALID_STATE"],
        Description = "Starts an operation that restores the newest backup of a database into a new database, compares it, and removes that database again.")]
    public async Task<IResult> Drill([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route + "/drills")] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<DrillBody>(cancellation);
        return await starts.StartAsync(request, durable, plans.Drill(body.Database), cancellation);
    }
}
