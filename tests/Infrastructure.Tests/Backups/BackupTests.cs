using System.Net;
using System.Security.Cryptography;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Infrastructure.DatabaseCopy;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Tests.DatabaseCopy;
using VisionPlatform.Infrastructure.Tests.Storage;
using VisionPlatform.Infrastructure.Tests.StorageSync;

namespace VisionPlatform.Infrastructure.Tests.Backups;

public sealed class BackupTests(PostgresServer postgres, StorageFixture storage)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly string _database = $"db-{Guid.NewGuid():n}";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_dump_of_a_restored_database_is_that_of_the_backed_up_one(bool isEncrypted)
    {
        var (source, target) = (await TestDatabase.WithEveryTypeAsync(postgres), await TestDatabase.NewAsync(postgres));
        var store = new BackupStore(storage.Store, isEncrypted ? RandomNumberGenerator.GetBytes(32) : null);

        var manifest = await TakeAsync(store, source);
        await RestoreAsync(store, manifest, target);

        Assert.Equal(await source.DumpAsync(), await target.DumpAsync());
        Assert.Equal(isEncrypted, manifest.IsEncrypted);
    }

    [Fact]
    public async Task A_large_object_of_the_store_has_several_parts_each_with_its_hash()
    {
        var (source, target, store) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres), new BackupStore(storage.Store, null));
        await source.ExecuteAsync(Noise);

        var manifest = await TakeAsync(store, source);
        await RestoreAsync(store, manifest, target);

        Assert.True(Assert.Single(manifest.Tables).Objects[0].Parts.Count >= 2);
        Assert.Equal(await source.ScalarAsync<string>("SELECT md5(string_agg(bytes, ''::bytea ORDER BY id)) FROM noise"), await target.ScalarAsync<string>("SELECT md5(string_agg(bytes, ''::bytea ORDER BY id)) FROM noise"));
    }

    [Fact]
    public async Task A_damaged_truncated_or_missing_object_is_found_before_anything_is_called_restored()
    {
        var (source, store) = (await SmallAsync(), new BackupStore(storage.Store, null));
        var manifest = await TakeAsync(store, source);
        var key = $"backups/{_database}/{manifest.Id}/{manifest.Tables[0].Objects[0].Key}";
        var intact = (await storage.Store.GetBytesAsync(key, long.MaxValue, Cancellation))!.Bytes!;
        await new BackupReader(store, manifest, (_, _) => { }).VerifyAsync(Cancellation);
        byte[] changed = [.. intact];
        changed[intact.Length / 2] ^= 1;

        foreach (var (bad, message) in new[] { (changed, "is damaged (part 1)"), (intact[..^1], "is missing"), (null, "is missing") })
        {
            await (bad is null ? storage.Store.DeleteAsync(key, Cancellation) : storage.Store.PutAsync(key, bad, "application/octet-stream", Cancellation));
            var target = await TestDatabase.NewAsync(postgres);

            var found = await Assert.ThrowsAsync<OperationException>(() => new BackupReader(store, manifest, (_, _) => { }).VerifyAsync(Cancellation));
            var refused = await Assert.ThrowsAsync<OperationException>(() => RestoreAsync(store, manifest, target));

            Assert.Contains(message, found.Message);
            Assert.Contains(message, refused.Message);
            Assert.Equal(0, await target.ScalarAsync<long>("SELECT count(*) FROM things"));
        }
    }

    [Fact]
    public async Task A_backup_without_a_whole_manifest_is_none()
    {
        var (source, store) = (await SmallAsync(), new BackupStore(storage.Store, null));
        var older = await TakeAsync(store, source);
        var newer = await TakeAsync(store, source);
        var key = $"backups/{_database}/{newer.Id}/manifest.json";
        var intact = (await storage.Store.GetBytesAsync(key, long.MaxValue, Cancellation))!.Bytes!;

        foreach (var bad in new[] { intact[..(intact.Length / 2)], [.. intact[..20], (byte)'x', .. intact[21..]], [] })
        {
            await storage.Store.PutAsync(key, bad, "application/json", Cancellation);
            Assert.Equal(older.Id, (await store.GetAsync(_database, "latest", Cancellation)).Id);
            await Assert.ThrowsAsync<OperationException>(() => store.GetAsync(_database, newer.Id, Cancellation));
        }
        await storage.Store.DeleteAsync(key, Cancellation);

        Assert.Equal([(newer.Id, true, true), (older.Id, false, false)], (await store.ListAsync(_database, Cancellation)).Select(backup => (backup.Id, backup.Manifest is null, backup.IsIncomplete)));
    }

    [Fact]
    public async Task An_encrypted_backup_needs_its_key()
    {
        var source = await SmallAsync();
        var manifest = await TakeAsync(new BackupStore(storage.Store, RandomNumberGenerator.GetBytes(32)), source);

        var without = await Assert.ThrowsAsync<OperationException>(() => new BackupStore(storage.Store, null).GetAsync(_database, manifest.Id, Cancellation));
        var other = await Assert.ThrowsAsync<OperationException>(() => new BackupStore(storage.Store, RandomNumberGenerator.GetBytes(32)).GetAsync(_database, manifest.Id, Cancellation));

        Assert.Contains("the backup is encrypted: set BACKUP_ENCRYPTION_KEY", without.Message);
        Assert.Contains("was made with another BACKUP_ENCRYPTION_KEY", other.Message);
    }

    [Fact]
    public async Task A_backup_shows_one_point_in_time_although_the_database_is_written_meanwhile()
    {
        var (source, target, store) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres), new BackupStore(storage.Store, null));
        await source.ExecuteAsync("""
            CREATE TABLE first (id int PRIMARY KEY, amount int, filler text); CREATE TABLE second (id int PRIMARY KEY, amount int);
            INSERT INTO first SELECT n, 10, repeat('x', 100) FROM generate_series(1, 1000) n; INSERT INTO second SELECT n, 10 FROM generate_series(1, 1000) n;
            """);
        var moves = 0;
        var writer = new BackupWriter(store, source.Connection, 1, (tables, _) =>
        {
            if (tables == 1 && Interlocked.Increment(ref moves) == 1)
                source.ExecuteAsync("BEGIN; UPDATE first SET amount = 0; UPDATE second SET amount = 20; COMMIT").GetAwaiter().GetResult();
        }, TimeProvider.System);

        await RestoreAsync(store, await writer.TakeAsync(_database, NewId(), Cancellation), target);

        Assert.True(moves > 0);
        Assert.Equal(20_000, await target.ScalarAsync<long>("SELECT (SELECT sum(amount) FROM first) + (SELECT sum(amount) FROM second)"));
    }

    [Fact]
    public async Task A_change_of_a_table_that_waits_ends_the_backup_instead_of_emptying_or_blocking_it()
    {
        var (source, store) = (await SmallAsync(), new BackupStore(storage.Store, null));
        await source.ExecuteAsync("CREATE TABLE later (id int PRIMARY KEY)");
        Task? change = null;
        var writer = new BackupWriter(store, source.Connection, 1, (_, bytes) =>
        {
            // While the first table is read.
            if (bytes == 0 || change is not null)
                return;
            change = source.ExecuteAsync("TRUNCATE later, things");
            while (!source.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '{source.Name}' AND wait_event_type = 'Lock')").GetAwaiter().GetResult())
                Thread.Yield();
        }, TimeProvider.System);

        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => writer.TakeAsync(_database, NewId(), Cancellation));

        Assert.Equal((Npgsql.PostgresErrorCodes.LockNotAvailable, true), (refused.SqlState, refused.IsTransient));
        await change!;
        Assert.Equal(0, await source.ScalarAsync<long>("SELECT count(*) FROM things"));
    }

    [Fact]
    public async Task A_backup_that_fails_leaves_no_manifest_and_a_second_attempt_nothing_of_the_first()
    {
        var (source, store) = (await SmallAsync(), new BackupStore(storage.Store, null));
        var id = NewId();
        var broken = new BackupWriter(store, source.Connection, 1, (tables, _) => throw new IOException("the network is gone"), TimeProvider.System);
        await storage.Store.PutAsync($"backups/{_database}/{id}/tables/00009.zst", "left"u8.ToArray(), "application/octet-stream", Cancellation);
        // A process that was killed between beginning an upload and its first part.
        await storage.Store.CreateMultipartAsync($"backups/{_database}/{id}/tables/00008.zst", "application/octet-stream", Cancellation);

        await Assert.ThrowsAsync<IOException>(() => broken.TakeAsync(_database, id, Cancellation));
        Assert.DoesNotContain(await store.ListAsync(_database, Cancellation), backup => backup.Manifest is not null);
        var manifest = await new BackupWriter(store, source.Connection, 1, (_, _) => { }, TimeProvider.System).TakeAsync(_database, id, Cancellation);

        var keys = (await KeysAsync()).Select(key => key.Split('/', 4)[3]);
        Assert.Equal([.. manifest.Objects.Select(stored => stored.Key).Append("manifest.json").Order(StringComparer.Ordinal)], keys.Order(StringComparer.Ordinal));
        await NothingIsHalfStoredAsync();
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden, "QuotaExceeded")]
    [InlineData(HttpStatusCode.InsufficientStorage, "XMinioStorageFull")]
    public async Task A_backup_that_does_not_fit_into_the_store_says_so_at_once_and_leaves_nothing_there(HttpStatusCode status, string code)
    {
        var source = await SmallAsync();
        await source.ExecuteAsync(Noise);
        var (puts, room) = (0, 3);
        using var through = storage.StoreThrough(new Interception(request =>
            request.Method == HttpMethod.Put && Interlocked.Increment(ref puts) > Volatile.Read(ref room)
                ? Interception.Answer(request, status, $"<Error><Code>{code}</Code><Message></Message></Error>")
                : Task.FromResult<HttpResponseMessage?>(null)));
        var store = new BackupStore(through, null);

        var full = await Assert.ThrowsAsync<OperationException>(() => TakeAsync(store, source));

        Assert.Contains($"the store is full ({code})", full.Message);
        // Two tables are sent at once, in at most four parts each; none is sent twice.
        Assert.InRange(puts, 4, 3 + 8);
        Assert.Empty(await KeysAsync());
        await NothingIsHalfStoredAsync();
        room = int.MaxValue;
        await new BackupReader(store, await TakeAsync(store, source), (_, _) => { }).VerifyAsync(Cancellation);
    }

    [Fact]
    public async Task A_table_in_parallel_parts_whose_restore_was_killed_midway_is_loaded_anew_and_the_others_stay()
    {
        var (source, target, store) = (await SmallAsync(), await TestDatabase.NewAsync(postgres), new BackupStore(storage.Store, null));
        await source.ExecuteAsync("CREATE TABLE wide (id int PRIMARY KEY, filler text); INSERT INTO wide SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 12000) n");
        var manifest = await new BackupWriter(store, source.Connection, 2, (_, _) => { }, TimeProvider.System, objectBytes: 1 << 20).TakeAsync(_database, NewId(), Cancellation);
        var wide = manifest.Tables.Single(table => table.Name == "public.wide");
        Assert.True(wide.Objects.Count >= 4, $"only {wide.Objects.Count} objects");
        await new BackupReader(store, manifest, (_, _) => { }).PrepareAsync(Target(target), "restore", Cancellation);
        await new BackupReader(store, manifest, (_, _) => { }).LoadTableAsync(target.Connection, "public.things", Cancellation);
        var written = await target.ScalarAsync<string>("SELECT min(xmin::text) FROM things");
        var loaded = 0L;
        var killed = new BackupReader(store, manifest, (_, bytes) =>
        {
            // What the server sees when the process dies: all its connections end.
            if (Interlocked.Add(ref loaded, bytes) is var now && now > wide.Bytes / 2 && now - bytes <= wide.Bytes / 2)
                target.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").GetAwaiter().GetResult();
        });

        await Assert.ThrowsAnyAsync<Exception>(() => killed.LoadTableAsync(target.Connection, "public.wide", Cancellation));

        Assert.InRange(loaded, (wide.Bytes / 2) + 1, wide.Bytes);
        Assert.Equal(0, await target.ScalarAsync<long>("SELECT count(*) FROM wide"));
        // A process that dies between the commits of its connections leaves the rows of one of them.
        await target.ExecuteAsync("INSERT INTO wide SELECT n, 'of one connection' FROM generate_series(1, 5000) n");
        await RestoreAsync(store, manifest, target);
        Assert.Equal(written, await target.ScalarAsync<string>("SELECT min(xmin::text) FROM things"));
        Assert.Equal(await source.ScalarAsync<string>("SELECT md5(string_agg(w::text, '' ORDER BY id)) FROM wide w"), await target.ScalarAsync<string>("SELECT md5(string_agg(w::text, '' ORDER BY id)) FROM wide w"));
        Assert.Equal(12_000, await target.ScalarAsync<long>("SELECT count(*) FROM wide"));
    }

    [Fact]
    public async Task A_restore_goes_on_where_it_was_interrupted()
    {
        var (source, target, store) = (await SmallAsync(), await TestDatabase.NewAsync(postgres), new BackupStore(storage.Store, null));
        await source.ExecuteAsync("CREATE TABLE more (id int PRIMARY KEY); INSERT INTO more VALUES (1)");
        var manifest = await TakeAsync(store, source);
        var reader = new BackupReader(store, manifest, (_, _) => { });
        await reader.PrepareAsync(Target(target), "restore", Cancellation);
        await reader.LoadTableAsync(target.Connection, "public.things", Cancellation);
        var written = await target.ScalarAsync<string>("SELECT min(xmin::text) FROM things");

        await RestoreAsync(store, manifest, target);

        Assert.Equal(written, await target.ScalarAsync<string>("SELECT min(xmin::text) FROM things"));
        Assert.Equal(await source.DumpAsync(), await target.DumpAsync());
    }

    [Fact]
    public async Task A_database_takes_the_place_of_another_which_stays_under_a_new_name()
    {
        var (current, side) = (await SmallAsync(), await TestDatabase.NewAsync(postgres));
        await side.ExecuteAsync("CREATE TABLE things (id int); INSERT INTO things VALUES (77)");
        // An open connection must not prevent it.
        await using var connected = new Npgsql.NpgsqlConnection(current.Connection);
        await connected.OpenAsync(Cancellation);

        await SideDatabases.SwapAsync(current.Connection, side.Name, current.Name + "_before", Cancellation);
        await SideDatabases.SwapAsync(current.Connection, side.Name, current.Name + "_before", Cancellation);

        Assert.Equal(77, await current.ScalarAsync<int>("SELECT id FROM things"));
        Assert.Equal(1000, await new TestDatabase(current.Url + "_before").ScalarAsync<long>("SELECT count(*) FROM things"));
    }

    /// <summary>20 MB that do not become smaller by compression.</summary>
    private const string Noise = """
        CREATE TABLE noise (id int PRIMARY KEY, bytes bytea);
        INSERT INTO noise SELECT n, (SELECT string_agg(sha512((n * 1000 + m)::text::bytea), ''::bytea) FROM generate_series(1, 160) m) FROM generate_series(1, 2000) n;
        """;

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var stored in storage.Store.ListAsync($"backups/{_database}/", Cancellation))
            keys.Add(stored.Key);
        return keys;
    }

    private async Task NothingIsHalfStoredAsync()
    {
        await foreach (var left in storage.Store.ListMultipartsAsync($"backups/{_database}/", Cancellation))
            Assert.Fail($"{left.Key} is half stored");
    }

    private async Task<TestDatabase> SmallAsync()
    {
        var database = await TestDatabase.NewAsync(postgres);
        await database.ExecuteAsync("CREATE TABLE things (id int PRIMARY KEY, name text); INSERT INTO things SELECT n, md5(n::text) FROM generate_series(1, 1000) n");
        return database;
    }

    private static string NewId() => BackupStore.NewId(DateTime.UtcNow, Guid.NewGuid());

    private Task<BackupManifest> TakeAsync(BackupStore store, TestDatabase source) =>
        new BackupWriter(store, source.Connection, 2, (_, _) => { }, TimeProvider.System).TakeAsync(_database, $"{DateTime.UtcNow:yyyyMMdd'T'HHmmssfffffff'Z'}", Cancellation);

    private static CopyTarget Target(TestDatabase target) => new(target.Connection, 2, (_, _) => { });

    private static async Task RestoreAsync(BackupStore store, BackupManifest manifest, TestDatabase target)
    {
        var reader = new BackupReader(store, manifest, (_, _) => { });
        await reader.PrepareAsync(Target(target), "restore", Cancellation);
        foreach (var table in manifest.Tables)
            await reader.LoadTableAsync(target.Connection, table.Name, Cancellation);
        await reader.LoadLargeObjectsAsync(target.Connection, Cancellation);
        await Target(target).BuildIndexesAsync(Cancellation);
        await Target(target).FinishAsync(manifest.Sequences, Cancellation);
        Assert.Empty(await Target(target).VerifyAsync(Cancellation));
        await Target(target).CloseAsync(Cancellation);
    }
}
