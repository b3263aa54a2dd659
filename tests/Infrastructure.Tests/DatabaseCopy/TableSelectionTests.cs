using VisionPlatform.Domain.Operations;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Infrastructure.Tests.DatabaseCopy;

/// <summary>Copies of some tables.</summary>
public sealed class TableSelectionTests(PostgresServer postgres)
{
    private const string Schema = """
        CREATE TABLE people (id int PRIMARY KEY); CREATE TABLE sessions (id int PRIMARY KEY, person int REFERENCES people);
        CREATE TABLE "Odd names" (id int PRIMARY KEY, session int CONSTRAINT of_session REFERENCES sessions);
        CREATE TABLE days (day date, amount int) PARTITION BY RANGE (day);
        CREATE TABLE days_old PARTITION OF days FOR VALUES FROM (MINVALUE) TO ('2026-01-01'); CREATE TABLE days_new PARTITION OF days FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
        INSERT INTO people SELECT generate_series(1, 10); INSERT INTO sessions SELECT n, n FROM generate_series(1, 10) n; INSERT INTO "Odd names" SELECT n, n FROM generate_series(1, 10) n;
        INSERT INTO days VALUES ('2025-05-05', 1), ('2026-05-05', 2);
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_rows_of_the_chosen_tables_are_copied_and_compared_and_the_schema_is_complete()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        await source.ExecuteAsync(Schema);
        var copier = Copier(source, target, new TableSelection(["public.people", "public.days"], false));

        var report = await copier.PreflightAsync("copy", null, Cancellation);
        Assert.Equal((3, false), (report.Tables, report.IsBlocked));
        Assert.Contains(report.Findings, finding => finding.Message == "2 tables are made without their rows: public.\"Odd names\", public.sessions");
        await CopyAsync(copier);

        Assert.Equal("10 0 0 2", await target.ScalarAsync<string>("SELECT concat_ws(' ', (SELECT count(*) FROM people), (SELECT count(*) FROM sessions), (SELECT count(*) FROM \"Odd names\"), (SELECT count(*) FROM days))"));
        Assert.Equal(2, await target.ScalarAsync<long>("SELECT count(*) FROM pg_constraint WHERE contype = 'f'"));
        await target.ExecuteAsync("INSERT INTO sessions VALUES (1, 1)");
        await target.ExecuteAsync("UPDATE days SET amount = 7");
        Assert.Equal(2, (await TableHashesDifferAsync(source, target)).Count);
    }

    [Fact]
    public async Task A_foreign_key_to_a_table_that_is_not_copied_prevents_the_copy_unless_it_may_be_left_out()
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        await source.ExecuteAsync(Schema);

        var refused = await Assert.ThrowsAsync<OperationException>(() => Copier(source, target, new TableSelection(["public.\"Odd names\""], false)).PrepareAsync("copy", null, Cancellation));
        Assert.Equal("foreign key public.\"Odd names\".of_session refers to public.sessions, whose rows are not copied; copy that table too, or give --without-foreign-keys", refused.Message);

        await CopyAsync(Copier(source, target, new TableSelection(["public.\"Odd names\""], true)));
        Assert.Equal(10, await target.ScalarAsync<long>("SELECT count(*) FROM \"Odd names\""));
        Assert.Equal(["sessions_person_fkey"], await target.ScalarAsync<string[]>("SELECT array_agg(conname::text) FROM pg_constraint WHERE contype = 'f'"));
    }

    [Theory]
    [InlineData("public.nobody")]
    [InlineData("people")]
    public async Task A_name_that_is_no_table_is_refused(string name)
    {
        var (source, target) = (await TestDatabase.NewAsync(postgres), await TestDatabase.NewAsync(postgres));
        await source.ExecuteAsync(Schema);

        var refused = await Assert.ThrowsAsync<OperationException>(() => Copier(source, target, new TableSelection([name], false)).PreflightAsync("copy", null, Cancellation));

        Assert.Equal($"there is no table {name}; write each table with its schema: public.users", refused.Message);
    }

    private static DatabaseCopier Copier(TestDatabase source, TestDatabase target, TableSelection tables) => new(source.Connection, target.Connection, 2, (_, _) => { }, tables);

    private static async Task<IReadOnlyList<string>> TableHashesDifferAsync(TestDatabase source, TestDatabase target)
    {
        var tables = new TableSelection(["public.people", "public.days"], false);
        return TableHashes.Differences(
            await TableHashes.ReadAsync(source.Connection, 2, (_, _) => { }, Cancellation, tables), await TableHashes.ReadAsync(target.Connection, 2, (_, _) => { }, Cancellation, tables), "source", "target");
    }

    private static async Task CopyAsync(DatabaseCopier copier)
    {
        await copier.PrepareAsync("copy", null, Cancellation);
        await copier.CopyRowsAsync(Cancellation);
        await copier.To.BuildIndexesAsync(Cancellation);
        await copier.To.FinishAsync(await copier.SequencesAsync(Cancellation), Cancellation);
        Assert.Empty(await copier.VerifyAsync(Cancellation));
        await copier.To.CloseAsync(Cancellation);
    }
}
