using Npgsql;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Infrastructure.Tests.DatabaseCopy;

/// <summary>Copies over a network that breaks, into disks that fill up, and to targets that refuse.</summary>
public sealed class NetworkCutTests(PostgresServer postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task A_copy_whose_network_is_cut_notices_it_and_goes_on_when_it_is_mended(bool atSource, bool isSilent)
    {
        var (source, target) = (await WithRowsAsync(), await TestDatabase.NewAsync(postgres));
        var server = new NpgsqlConnectionStringBuilder(source.Connection);
        await using var proxy = new TcpProxy(server.Host!, server.Port);
        string Through(string connection, bool isThrough) => isThrough ? new NpgsqlConnectionStringBuilder(connection) { Host = "127.0.0.1", Port = proxy.Port }.ConnectionString : connection;
        DatabaseCopier Copier(TimeSpan? patience) => new(Through(source.Connection, atSource), Through(target.Connection, !atSource), 2, (_, _) => { }) { Patience = patience ?? CopyStreams.Patience };
        var copier = Copier(TimeSpan.FromSeconds(2));
        await copier.PrepareAsync("copy", null, Cancellation);
        proxy.CutAfter(3_000_000, isSilent ? TcpProxy.Cut.Silence : TcpProxy.Cut.Reset);

        // A test that hangs here fails by the limit of its run; nothing is measured.
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => copier.CopyRowsAsync(Cancellation));

        Assert.True(failure is IOException or NpgsqlException, failure.ToString());
        Assert.IsNotType<OperationException>(failure);
        proxy.Mend();
        // With the usual patience, because a busy machine may need longer than two seconds for a statement.
        copier = Copier(null);
        await copier.PrepareAsync("copy", null, Cancellation);
        await copier.CopyRowsAsync(Cancellation);
        await copier.To.BuildIndexesAsync(Cancellation);
        await copier.To.FinishAsync(await copier.SequencesAsync(Cancellation), Cancellation);
        Assert.Empty(await copier.VerifyAsync(Cancellation));
        await copier.To.CloseAsync(Cancellation);
        Assert.Equal(await source.DumpAsync(), await target.DumpAsync());
    }

    [Fact]
    public async Task A_disk_that_is_full_leaves_whole_tables_only_and_the_copy_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may mount a small file system");
        await using var disk = await SmallDisk.MountAsync(megabytes: 16);
        var (source, target) = (await WithRowsAsync(), await TestDatabase.NewAsync(postgres));
        var space = $"small_{target.Name}";
        await source.ExecuteAsync($"CREATE TABLESPACE {space} LOCATION '{disk.Folder}'");
        try
        {
            await source.ExecuteAsync($"ALTER DATABASE {target.Name} SET default_tablespace = {space}");
            var copier = new DatabaseCopier(source.Connection, target.Connection, 2, (_, _) => { });
            await copier.PrepareAsync("copy", null, Cancellation);

            var full = await Assert.ThrowsAsync<PostgresException>(() => copier.CopyRowsAsync(Cancellation));

            Assert.Equal(PostgresErrorCodes.DiskFull, full.SqlState);
            foreach (var table in new[] { "one", "two" })
                Assert.Contains(await target.ScalarAsync<long>($"SELECT count(*) FROM {table}"), new[] { 0L, 40_000L });
            await disk.GrowAsync(megabytes: 256);
            await copier.CopyRowsAsync(Cancellation);
            Assert.Empty(await copier.VerifyAsync(Cancellation));
        }
        finally
        {
            await source.ExecuteAsync($"DROP DATABASE {target.Name} WITH (FORCE)");
            await source.ExecuteAsync($"DROP TABLESPACE {space}");
        }
    }

    [Fact]
    public async Task A_read_only_target_is_refused_before_anything_moves()
    {
        var (source, target) = (await WithRowsAsync(), await TestDatabase.NewAsync(postgres));
        await source.ExecuteAsync($"ALTER DATABASE {target.Name} SET default_transaction_read_only = on");

        var refused = await Assert.ThrowsAsync<OperationException>(() => new DatabaseCopier(source.Connection, target.Connection, 2, (_, _) => { }).PrepareAsync("copy", null, Cancellation));

        Assert.Equal("the target is read-only", refused.Message);
    }

    private async Task<TestDatabase> WithRowsAsync()
    {
        var source = await TestDatabase.NewAsync(postgres);
        foreach (var table in new[] { "one", "two" })
            await source.ExecuteAsync($"CREATE TABLE {table} (id int PRIMARY KEY, body text); INSERT INTO {table} SELECT n, repeat(md5(n::text), 10) FROM generate_series(1, 40000) n");
        return source;
    }
}
