using System.Collections.Concurrent;
using System.Net;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Functions.Embedded;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using static VisionPlatform.Functions.Embedded.Tests.Worker.TimerTests;

namespace VisionPlatform.Functions.Embedded.Tests.Worker;

public sealed class TimerTests(PostgresServer postgres)
{
    [Fact]
    public async Task Each_firing_runs_once_across_two_hosts_and_runs_never_overlap()
    {
        var firings = new Firings();
        string database = await postgres.NewDatabaseAsync();
        await using RunningApp first = await StartAsync(database, firings, typeof(Often));
        await using RunningApp second = await StartAsync(database, firings, typeof(Often));

        await Eventually.TrueAsync(() => firings.Seen.Count >= 4, "four firings");

        TimerInfo[] seen = [.. firings.Seen];
        Assert.Equal(seen.Length, seen.Select(f => f.ScheduleStatus!.Next).Distinct().Count());
        Assert.Equal(1, firings.MostAtOnce);
        Assert.Equal(seen[0].ScheduleStatus!.Next, seen[1].ScheduleStatus!.Last);
    }

    [Fact]
    public async Task The_admin_interface_runs_a_timer_now_without_a_change_of_its_schedule()
    {
        var firings = new Firings();
        await using RunningApp app = await StartAsync(await postgres.NewDatabaseAsync(), firings, typeof(Yearly));

        HttpResponseMessage refused = await app.Client.PostAsync("/admin/functions/Yearly", null);
        HttpResponseMessage unknown = await app.Client.PostAsync("/admin/functions/Nobody?code=" + RunningApp.MasterKey, null);
        Assert.Empty(firings.Seen);
        HttpResponseMessage accepted = await app.Client.PostAsync("/admin/functions/Yearly?code=" + RunningApp.MasterKey, null);

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        await Eventually.TrueAsync(() => firings.Seen.Count == 1, "the firing");
        Assert.Equal(new DateTime(DateTime.UtcNow.Year + 1, 1, 1), firings.Seen.Single().ScheduleStatus!.Next);
        Assert.Equal(DateTime.MinValue, firings.Seen.Single().ScheduleStatus!.Last);
    }

    [Fact]
    public async Task A_firing_that_was_missed_while_no_host_ran_runs_at_the_next_start_as_past_due()
    {
        var firings = new Firings();
        string database = await postgres.NewDatabaseAsync();
        await using (await StartAsync(database, firings, typeof(Yearly)))
            await MakeDueAsync(database, "Yearly", TimeSpan.FromHours(1));

        await using RunningApp app = await StartAsync(database, firings, typeof(Yearly));

        await Eventually.TrueAsync(() => firings.Seen.Count == 1, "the missed firing");
        Assert.True(firings.Seen.Single().IsPastDue);
        await Eventually.TrueAsync(async () => (await NextDueAsync(database, "Yearly")) > DateTime.UtcNow, "the schedule goes on");
    }

    [Fact]
    public async Task A_changed_schedule_starts_anew_and_can_come_from_a_setting()
    {
        var firings = new Firings();
        string database = await postgres.NewDatabaseAsync();
        await using (await StartAsync(database, firings, typeof(BySetting), new() { ["PURGE_SCHEDULE"] = "0 0 1 1 *" }))
            await Eventually.TrueAsync(async () => (await NextDueAsync(database, "BySetting")).Year > 1, "registered");
        await using RunningApp app = await StartAsync(database, firings, typeof(BySetting), new() { ["PURGE_SCHEDULE"] = "00:00:00.2" });

        await Eventually.TrueAsync(() => firings.Seen.Count >= 2, "fired at the new interval");
    }

    [Fact]
    public async Task RunOnStartup_runs_the_function_through_middleware_when_the_host_starts()
    {
        var firings = new Firings();
        await using RunningApp app = await RunningApp.StartAsync(
            [typeof(AtStart)], new() { ["DATABASE_URL"] = await postgres.NewDatabaseAsync() }, b =>
            {
                b.Services.AddSingleton(firings);
                b.UseMiddleware(async (context, next) =>
                {
                    await next();
                    Assert.Null(Microsoft.Azure.Functions.Worker.FunctionContextExtensions.GetHttpContext(context));
                    firings.Names.Enqueue(context.FunctionDefinition.Name);
                });
            });

        await Eventually.TrueAsync(() => firings.Seen.Count == 1 && firings.Names.Contains("AtStart"), "fired through middleware");
    }

    [Fact]
    public async Task A_failing_timer_is_logged_and_its_schedule_continues()
    {
        var firings = new Firings();
        await using RunningApp app = await StartAsync(await postgres.NewDatabaseAsync(), firings, typeof(Failing));

        await Eventually.TrueAsync(() => firings.Seen.Count >= 2, "two firings");
        await Eventually.TrueAsync(
            () => app.Log.Lines.Any(l => l.StartsWith("Error: Timer Failing failed", StringComparison.Ordinal) && l.Contains("timer broke")), "logged");
    }

    [Fact]
    public async Task A_stopping_host_waits_for_a_running_timer()
    {
        var firings = new Firings { Gate = new SemaphoreSlim(0) };
        await using RunningApp app = await StartAsync(await postgres.NewDatabaseAsync(), firings, typeof(Often));
        await Eventually.TrueAsync(() => firings.Seen.Count == 1, "running");

        Task stop = app.Host.StopAsync();
        Assert.False(stop.IsCompleted);
        firings.Gate.Release();

        await stop.EndsAsync();
        Assert.Contains(app.Log.Lines, l => l.Contains("Timer Often done"));
    }

    [Fact]
    public async Task Another_process_runs_a_firing_whose_process_lost_its_lock()
    {
        string database = await postgres.NewDatabaseAsync();
        var lost = new Firings { Gate = new SemaphoreSlim(0) };
        var other = new Firings();
        await using RunningApp first = await StartAsync(database, lost, typeof(Often));
        await Eventually.TrueAsync(() => lost.Seen.Count == 1, "the first runs");
        await using RunningApp second = await StartAsync(database, other, typeof(Often));

        Assert.Equal(1, await ExecuteAsync(
            database,
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND ((classid::bigint << 32) | objid::bigint) = hashtextextended('default/Often', 7166181)
            """));
        await Eventually.TrueAsync(() => other.Seen.Count >= 2, "the second took over");
        lost.Gate.Release(1000);
        await Eventually.TrueAsync(() => other.Seen.Count + lost.Seen.Count >= 5, "more firings");

        Assert.Equal(lost.Seen.First().ScheduleStatus!.Next, other.Seen.First().ScheduleStatus!.Next);
        DateTime[] later = [.. other.Seen.Concat(lost.Seen.Skip(1)).Select(f => f.ScheduleStatus!.Next)];
        Assert.Equal(later.Length, later.Distinct().Count());
    }

    [Theory]
    [InlineData(typeof(BySetting), "setting 'PURGE_SCHEDULE', which is not set")]
    [InlineData(typeof(BadSchedule), "invalid schedule: \"61 * * * *\"")]
    public async Task An_invalid_schedule_stops_the_start(Type functions, string expected)
    {
        string database = await postgres.NewDatabaseAsync();

        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(database, new Firings(), functions));

        Assert.Contains(expected, e.Message);
    }

    [Fact]
    public async Task Timers_without_a_database_stop_the_start()
    {
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => RunningApp.StartAsync([typeof(Yearly)]));

        Assert.Contains("DATABASE_URL", e.Message);
    }

    [Theory]
    [InlineData("0 */5 * * * *", "2026-03-01T10:02:03Z", "2026-03-01T10:05:00Z")]
    [InlineData("*/5 * * * *", "2026-03-01T10:05:00Z", "2026-03-01T10:10:00Z")]
    [InlineData("30 0 9 * * MON-FRI", "2026-03-06T09:00:30Z", "2026-03-09T09:00:30Z")]
    [InlineData("00:05:00", "2026-03-01T10:02:03Z", "2026-03-01T10:07:03Z")]
    [InlineData("1.00:00:00", "2026-03-01T10:02:03Z", "2026-03-02T10:02:03Z")]
    public void A_schedule_has_five_or_six_cron_fields_or_is_an_interval(string schedule, string after, string next)
    {
        var parsed = TimerSchedule.Parse("F", schedule, new ConfigurationBuilder().Build());

        Assert.Equal(DateTimeOffset.Parse(next, null), parsed.Next(DateTimeOffset.Parse(after, null)));
    }

    private static Task<RunningApp> StartAsync(string database, Firings firings, Type functions, Dictionary<string, string?>? settings = null)
        => RunningApp.StartAsync(
            [functions], new(settings ?? []) { ["DATABASE_URL"] = database }, b => b.Services.AddSingleton(firings));

    private static async Task MakeDueAsync(string database, string function, TimeSpan ago)
    {
        await Eventually.TrueAsync(async () => (await NextDueAsync(database, function)).Year > 1, "the timer is registered");
        await using var connection = new NpgsqlConnection(PostgresServer.KeyValue(database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "UPDATE durable.timer_status SET next_due = now() - $2 WHERE function_name = $1", connection) { Parameters = { new() { Value = function }, new() { Value = ago } } };
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }

    private static async Task<long> ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.KeyValue(database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<DateTime> NextDueAsync(string database, string function)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.KeyValue(database));
        await connection.OpenAsync();
        await using var exists = new NpgsqlCommand("SELECT to_regclass('durable.timer_status') IS NOT NULL", connection);
        if (await exists.ExecuteScalarAsync() is not true)
            return default;
        await using var command = new NpgsqlCommand(
            "SELECT next_due FROM durable.timer_status WHERE function_name = $1", connection) { Parameters = { new() { Value = function } } };
        return await command.ExecuteScalarAsync() is DateTime next ? next : default;
    }

    public sealed class Firings
    {
        private int _running;

        public ConcurrentQueue<TimerInfo> Seen { get; } = [];

        public ConcurrentQueue<string> Names { get; } = [];

        public SemaphoreSlim? Gate { get; init; }

        public int MostAtOnce { get; private set; }

        public async Task RunAsync(TimerInfo timer)
        {
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _running));
            Seen.Enqueue(timer);
            await Task.Yield();
            if (Gate is not null)
                await Gate.WaitAsync();
            Interlocked.Decrement(ref _running);
        }
    }
}

public sealed class Often(Firings firings)
{
    [Function("Often")]
    public Task Run([TimerTrigger("00:00:00.2")] TimerInfo timer, FunctionContext context, CancellationToken cancellation) => firings.RunAsync(timer);
}

public sealed class Yearly(Firings firings)
{
    [Function("Yearly")]
    public Task Run([TimerTrigger("0 0 0 1 1 *")] TimerInfo timer) => firings.RunAsync(timer);
}

public sealed class BySetting(Firings firings)
{
    [Function("BySetting")]
    public Task Run([TimerTrigger("%PURGE_SCHEDULE%")] TimerInfo timer) => firings.RunAsync(timer);
}

public sealed class AtStart(Firings firings)
{
    [Function("AtStart")]
    public Task Run([TimerTrigger("0 0 0 1 1 *", RunOnStartup = true)] TimerInfo timer) => firings.RunAsync(timer);
}

public sealed class Failing(Firings firings)
{
    [Function("Failing")]
    public async Task Run([TimerTrigger("00:00:00.2")] TimerInfo timer)
    {
        await firings.RunAsync(timer);
        throw new InvalidOperationException("timer broke");
    }
}

public sealed class BadSchedule
{
    [Function("BadSchedule")]
    public void Run([TimerTrigger("61 * * * *")] TimerInfo timer)
    {
    }
}
