using VisionPlatform.Domain.Operations;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Infrastructure.Tests.DatabaseCopy;

public sealed class DatabaseCopierTests(PostgresServer postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_dumps_of_a_copy_and_its_source_are_equal()
    {
        var (source, target) = (await TestDatabase.WithEveryTypeAsync(postgres), await TestDatabase.NewAsync(postgres));

        await CopyAsync(Copier(source, target, parallel: 3), "copy");

        Assert.Equal(await source.DumpAsync(), await target.DumpAsync());
    }

    [Fact]
    public async Task A_database_without_tables_can_be_copied()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));

        await CopyAsync(Copier(source, target), "copy");

        Assert.Equal(await source.DumpAsync(), await target.DumpAsync());
    }

    [Fact]
    public async Task A_large_table_is_copied_in_parts_with_every_row()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        await source.ExecuteAsync("""
            CREATE TABLE large (id int PRIMARY KEY, body text);
            ALTER TABLE large ALTER COLUMN body SET STORAGE PLAIN;
            INSERT INTO large SELECT n, repeat('x', 7000) FROM generate_series(1, 10000) n;
            """);

        await CopyAsync(Copier(source, target, parallel: 4), "copy");

        Assert.Equal(10_000, await target.ScalarAsync<long>("SELECT count(*) FROM large"));
        Assert.Empty(TableHashes.Differences(await HashesAsync(source), await HashesAsync(target), "source", "target"));
    }

    [Fact]
    public async Task A_copy_shows_one_point_in_time_although_the_source_is_written_meanwhile()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        await source.ExecuteAsync("""
            CREATE TABLE first (id int PRIMARY KEY, amount int, filler text); CREATE TABLE second (id int PRIMARY KEY, amount int);
            INSERT INTO first SELECT n, 10, repeat('x', 100) FROM generate_series(1, 1000) n; INSERT INTO second SELECT n, 10 FROM generate_series(1, 1000) n;
            """);
        var moves = 0;
        // The larger table is copied first; then an amount moves from it to the other.
        var copier = new DatabaseCopier(source.Connection, target.Connection, 1, (tables, _) =>
        {
            if (tables == 1 && Interlocked.Increment(ref moves) == 1)
                source.ExecuteAsync("BEGIN; UPDATE first SET amount = 0; UPDATE second SET amount = 20; INSERT INTO second VALUES (2000, 1); COMMIT").GetAwaiter().GetResult();
        });
        await copier.PrepareAsync("copy", null, Cancellation);

        await copier.CopyRowsAsync(Cancellation);

        Assert.True(moves > 0);
        Assert.Equal(20_000, await target.ScalarAsync<long>("SELECT (SELECT sum(amount) FROM first) + (SELECT sum(amount) FROM second)"));
    }

    [Fact]
    public async Task An_interrupted_copy_goes_on_without_the_tables_that_are_done_unless_they_changed()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        foreach (var name in new[] { "a", "b", "c", "d" })
            await source.ExecuteAsync($"CREATE TABLE {name} (id int PRIMARY KEY); INSERT INTO {name} SELECT generate_series(1, 100)");
        var done = 0;
        var broken = new DatabaseCopier(source.Connection, target.Connection, 1, (tables, _) =>
        {
            if ((done += (int)tables) == 3)
                throw new IOException("the connection is gone");
        });
        await broken.PrepareAsync("copy", null, Cancellation);
        await Assert.ThrowsAsync<IOException>(() => broken.CopyRowsAsync(Cancellation));
        var finished = await target.ScalarAsync<string[]>("SELECT array_agg(name ORDER BY name) FROM platform_copy.tables");
        Assert.InRange(finished.Length, 1, 3);
        var (kept, changed) = (finished[0], finished[^1]);
        var written = await target.ScalarAsync<string>($"SELECT min(xmin::text) FROM {kept}");
        await source.ExecuteAsync($"INSERT INTO {changed} VALUES (1000)");

        await CopyAsync(Copier(source, target), "copy");

        Assert.Empty(TableHashes.Differences(await HashesAsync(source), await HashesAsync(target), "source", "target"));
        Assert.Equal(written, await target.ScalarAsync<string>($"SELECT min(xmin::text) FROM {kept}"));
        Assert.Equal(101, await target.ScalarAsync<long>($"SELECT count(*) FROM {changed}"));
        Assert.False(await target.ScalarAsync<bool>("SELECT to_regnamespace('platform_copy') IS NOT NULL"));
    }

    [Fact]
    public async Task A_target_with_rows_is_left_alone_unless_its_name_is_given()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        await source.ExecuteAsync("CREATE TABLE things (id int PRIMARY KEY); INSERT INTO things VALUES (1)");
        await target.ExecuteAsync("CREATE SCHEMA other; CREATE TABLE other.precious (id int); INSERT INTO other.precious VALUES (7); CREATE TABLE things (name text)");
        var copier = Copier(source, target);

        var refused = await Assert.ThrowsAsync<OperationException>(() => copier.PrepareAsync("copy", null, Cancellation));
        Assert.Contains($"the target has rows in other.precious; --replace {target.Name}", refused.Message);
        var misnamed = await Assert.ThrowsAsync<OperationException>(() => copier.PrepareAsync("copy", "things", Cancellation));
        Assert.Contains($"--replace names things, but the target database is {target.Name}", misnamed.Message);
        Assert.Equal(7, await target.ScalarAsync<int>("SELECT id FROM other.precious"));

        await CopyAsync(copier, "copy", target.Name);

        Assert.Equal(await source.DumpAsync(), await target.DumpAsync());
    }

    [Fact]
    public async Task A_target_with_every_kind_of_object_can_be_replaced()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.WithEveryTypeAsync(postgres));
        await source.ExecuteAsync("CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY); INSERT INTO things DEFAULT VALUES");

        await CopyAsync(Copier(source, target), "copy", target.Name);

        Assert.Equal(await source.DumpAsync(), await target.DumpAsync());
    }

    [Theory]
    [InlineData("ALTER DATABASE {target} SET default_transaction_read_only = on", "the target is read-only")]
    [InlineData("REVOKE CREATE ON DATABASE {target} FROM PUBLIC", null)]
    public async Task The_preflight_names_what_prevents_a_copy(string sql, string? message)
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        await source.ExecuteAsync(sql.Replace("{target}", target.Name, StringComparison.Ordinal));

        var report = await Copier(source, target).PreflightAsync("copy", null, Cancellation);

        Assert.Equal(message is null ? [] : [message], report.Findings.Where(finding => finding.IsBlocking).Select(finding => finding.Message));
    }

    [Fact]
    public async Task The_preflight_names_what_would_not_survive()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        var role = $"owner_{source.Name}";
        await source.ExecuteAsync($"""
            CREATE TABLE things (id int PRIMARY KEY, name text COLLATE "C"); CREATE UNIQUE INDEX things_name ON things (lower(name) COLLATE "default");
            CREATE AGGREGATE last_of (int) (SFUNC = int4larger, STYPE = int);
            CREATE PUBLICATION everything FOR ALL TABLES;
            ALTER DATABASE {source.Name} SET work_mem = '8MB';
            """);

        var report = await Copier(source, target).PreflightAsync("copy", null, Cancellation);

        Assert.Equal(
            ["not copied: aggregate public.last_of(integer)", "not copied: publication everything", "not copied: setting of the database work_mem=8MB"],
            report.Findings.Select(finding => finding.Message));
        Assert.Equal((1, false), (report.Tables, report.IsBlocked));
    }

    [Fact]
    public async Task Rows_that_the_user_cannot_see_prevent_a_copy_instead_of_going_missing()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        var role = $"reader_{source.Name}";
        await source.ExecuteAsync($"""
            CREATE ROLE {role} LOGIN PASSWORD 'reader'; CREATE TABLE hidden (id int); CREATE TABLE secret (id int); INSERT INTO hidden VALUES (1);
            GRANT SELECT ON hidden TO {role}; ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
            """);
        try
        {
            var reader = new UriBuilder(source.Url) { UserName = role, Password = "reader" }.Uri.ToString();

            var report = await new DatabaseCopier(PostgresServer.KeyValue(reader), target.Connection, 1, (_, _) => { }).PreflightAsync("copy", null, Cancellation);

            Assert.Contains(report.Findings, finding => finding is { IsBlocking: true, Message: "row security hides rows of public.hidden from the source's user" or "the source's user may not read public.secret" });
        }
        finally
        {
            await source.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task A_wrong_password_is_one_sentence_without_the_password()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        var wrong = PostgresServer.KeyValue(new UriBuilder(source.Url) { Password = "hunter2-wrong" }.Uri.ToString());

        var refused = await Assert.ThrowsAsync<OperationException>(
            () => new DatabaseCopier(wrong, target.Connection, 1, (_, _) => { }).PreflightAsync("copy", null, Cancellation));

        Assert.StartsWith("the source refuses the connection: ", refused.Message);
        Assert.DoesNotContain("hunter2", refused.ToString());
    }

    [Fact]
    public async Task A_row_that_the_target_refuses_is_reported_with_its_index()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        // Such rows come from an index that was made under other rules of sorting.
        await source.ExecuteAsync("CREATE TABLE things (name text UNIQUE); INSERT INTO things VALUES ('a')");
        var copier = Copier(source, target);
        await copier.PrepareAsync("copy", null, Cancellation);
        await copier.CopyRowsAsync(Cancellation);
        await target.ExecuteAsync("INSERT INTO things VALUES ('a')");

        var refused = await Assert.ThrowsAsync<OperationException>(() => copier.To.BuildIndexesAsync(Cancellation));

        Assert.Contains("the target refuses constraint public.things.things_name_key: could not create unique index", refused.Message);
        Assert.Equal(["public.things has 1 rows in the source and 2 in the target"], await copier.To.VerifyAsync(Cancellation));
    }

    private static DatabaseCopier Copier(TestDatabase source, TestDatabase target, int parallel = 2) => new(source.Connection, target.Connection, parallel, (_, _) => { });

    private static Task<Dictionary<string, ContentHash>> HashesAsync(TestDatabase database) => TableHashes.ReadAsync(database.Connection, 2, (_, _) => { }, Cancellation);

    private static async Task CopyAsync(DatabaseCopier copier, string operation, string? replace = null)
    {
        await copier.PrepareAsync(operation, replace, Cancellation);
        await copier.CopyRowsAsync(Cancellation);
        await copier.To.BuildIndexesAsync(Cancellation);
        await copier.To.FinishAsync(await copier.SequencesAsync(Cancellation), Cancellation);
        Assert.Empty(await copier.To.VerifyAsync(Cancellation));
        await copier.To.CloseAsync(Cancellation);
    }
}
