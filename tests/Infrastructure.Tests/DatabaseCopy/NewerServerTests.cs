using VisionPlatform.Domain.Operations;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Infrastructure.DatabaseCopy;
using VisionPlatform.Infrastructure.Tests.Storage;

namespace VisionPlatform.Infrastructure.Tests.DatabaseCopy;

/// <summary>A later release of PostgreSQL as target and as source. What psql prints of both sides is compared.</summary>
[Trait("Category", "Moves")]
public sealed class NewerServerTests(PostgresServer postgres, StorageFixture storage)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_database_with_every_type_goes_to_a_later_release_and_between_two_and_not_back()
    {
        Assert.SkipWhen(NewerServer.Missing is not null, NewerServer.Missing ?? "");
        await using var server = await NewerServer.StartAsync();
        var (source, newer, newest) = (await TestDatabase.WithEveryTypeAsync(postgres), await server.NewDatabaseAsync(), await server.NewDatabaseAsync());

        await CopyAsync(source, newer);
        await CopyAsync(newer, newest);

        var rows = await source.RowsAsync();
        Assert.Equal(rows, await newer.RowsAsync());
        Assert.Equal(rows, await newest.RowsAsync());
        Assert.Equal(await newer.ObjectsAsync(), await newest.ObjectsAsync());
        var back = await Assert.ThrowsAsync<OperationException>(async () => await CopyAsync(newest, await TestDatabase.NewAsync(postgres)));
        Assert.Matches("^the target's PostgreSQL 15\\.\\d+ is older than the source's \\d\\d\\.\\d+$", back.Message);
    }

    [Fact]
    public async Task A_backup_is_restored_on_a_later_release_and_one_of_that_is_not_restored_on_an_earlier_one()
    {
        Assert.SkipWhen(NewerServer.Missing is not null, NewerServer.Missing ?? "");
        await using var server = await NewerServer.StartAsync();
        var (source, newer, again) = (await TestDatabase.WithEveryTypeAsync(postgres), await server.NewDatabaseAsync(), await server.NewDatabaseAsync());
        var store = new BackupStore(storage.Store, null);
        var database = $"db-{Guid.NewGuid():n}";

        await RestoreAsync(store, await TakeAsync(store, source, database), newer);
        var later = await TakeAsync(store, newer, database);
        await RestoreAsync(store, later, again);

        Assert.Equal(await source.RowsAsync(), await newer.RowsAsync());
        Assert.Equal(await newer.RowsAsync(), await again.RowsAsync());
        var findings = await new BackupReader(store, later, (_, _) => { }).PreflightAsync((await TestDatabase.NewAsync(postgres)).Connection, null, Cancellation);
        Assert.Contains(findings, finding => finding.IsBlocking && finding.Message.StartsWith("the backup was taken from PostgreSQL ", StringComparison.Ordinal));
    }

    private static Task<BackupManifest> TakeAsync(BackupStore store, TestDatabase source, string database) =>
        new BackupWriter(store, source.Connection, 2, (_, _) => { }, TimeProvider.System).TakeAsync(database, BackupStore.NewId(DateTime.UtcNow, Guid.NewGuid()), Cancellation);

    private static async Task RestoreAsync(BackupStore store, BackupManifest manifest, TestDatabase target)
    {
        var (reader, to) = (new BackupReader(store, manifest, (_, _) => { }), new CopyTarget(target.Connection, 2, (_, _) => { }));
        await reader.PrepareAsync(to, "restore", Cancellation);
        foreach (var table in manifest.Tables)
            await reader.LoadTableAsync(target.Connection, table.Name, Cancellation);
        await reader.LoadLargeObjectsAsync(target.Connection, Cancellation);
        await to.BuildIndexesAsync(Cancellation);
        await to.FinishAsync(manifest.Sequences, Cancellation);
        Assert.Empty(await to.VerifyAsync(Cancellation));
        await to.CloseAsync(Cancellation);
    }

    private static async Task CopyAsync(TestDatabase source, TestDatabase target)
    {
        var copier = new DatabaseCopier(source.Connection, target.Connection, 3, (_, _) => { });
        await copier.PrepareAsync("copy", null, Cancellation);
        await copier.CopyRowsAsync(Cancellation);
        await copier.To.BuildIndexesAsync(Cancellation);
        await copier.To.FinishAsync(await copier.SequencesAsync(Cancellation), Cancellation);
        Assert.Empty(await copier.VerifyAsync(Cancellation));
        await copier.To.CloseAsync(Cancellation);
    }
}
