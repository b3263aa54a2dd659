using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Tests.DatabaseCopy;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Load;

/// <summary>Many people at work on two instances of the app behind a proxy, while the database and the store are restarted. The long one is run by <c>./platform test load</c>.</summary>
public sealed class LoadTests(PlatformHost host) : PlatformTests(host)
{
    private const double LargestP95 = 200;
    private const double LargestGrowth = 1.25;
    private const double GrowthInAnyCaseMb = 60;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_that_was_confirmed_is_lost_and_nothing_fails_outside_a_restart_of_the_database_or_the_store()
    {
        const int users = 6, requestsBetween = 120;
        var databases = await Host.NewDatabasesAsync();
        var server = new Uri(databases.Users);
        await using var database = new TcpProxy(server.Host, server.Port);
        var store = new Uri(Host.StoreEndpoint);
        await using var storeProxy = new TcpProxy(store.Host, store.Port);
        var behind = new AppDatabases(databases.Urls.ToDictionary(pair => pair.Key, pair => new UriBuilder(pair.Value) { Host = "127.0.0.1", Port = database.Port }.Uri.ToString()));
        await using var site = await Site.StartAsync(Host, databases, behind, new Dictionary<string, string?> { ["EXTERNAL_STORAGE_ENDPOINT"] = $"http://127.0.0.1:{storeProxy.Port}" }, users);

        var work = site.WorkAsync(pause: TimeSpan.Zero);
        await RequestsAsync(requestsBetween);
        await site.Journal.DuringOutageAsync(
            async () =>
            {
                database.CutAfter(0, TcpProxy.Cut.Reset);
                await UntilAsync(() => site.Journal.Samples.Any(sample => sample.HasFailed), "a request fails while the database is away");
                database.Mend();
            },
            site.UntilItWorksAsync);
        await RequestsAsync(requestsBetween);
        await site.Journal.DuringOutageAsync(
            async () =>
            {
                var uploads = Uploads();
                storeProxy.CutAfter(0, TcpProxy.Cut.Reset);
                await UntilAsync(() => Uploads() > uploads, "an upload while the store is away");
                storeProxy.Mend();
            },
            site.UntilItWorksAsync);
        await RequestsAsync(requestsBetween);
        await site.EndAsync(work);

        Assert.Contains(site.Journal.Samples, sample => sample.HasFailed);
        Assert.DoesNotContain(site.Journal.Undisturbed, sample => sample.HasFailed);
        Assert.Empty(site.Lost);
        Assert.True(site.Confirmed > users);

        Task RequestsAsync(int more)
        {
            var until = site.Journal.Samples.Count + more;
            return UntilAsync(() => site.Journal.Samples.Count >= until, $"{more} more requests");
        }

        int Uploads() => site.Journal.Samples.Count(sample => sample.What == "POST uploads");

        // Work that ends early has failed.
        async Task UntilAsync(Func<bool> condition, string what)
        {
            await Waiting.UntilAsync(() => work.IsCompleted || condition(), what, seconds: 240);
            if (work.IsCompleted)
                await work;
        }
    }

    [Fact(Explicit = true)]
    public async Task Load()
    {
        var (users, seconds) = (Setting("LOAD_USERS", 100), Setting("LOAD_SECONDS", 600));
        var databases = await Host.NewDatabasesAsync();
        await using var site = await Site.StartAsync(Host, databases, databases, new Dictionary<string, string?>(), users);
        var memory = new List<double>();
        var began = Stopwatch.StartNew();

        var work = site.WorkAsync(pause: TimeSpan.FromSeconds(1));
        foreach (var service in (string[])["postgres", "s3"])
        {
            await WatchAsync(began.Elapsed + TimeSpan.FromSeconds(seconds / 3.0));
            await site.Journal.DuringOutageAsync(() => RestartAsync(service), site.UntilItWorksAsync);
        }
        await WatchAsync(TimeSpan.FromSeconds(seconds));
        await site.EndAsync(work);

        var undisturbed = site.Journal.Undisturbed.ToList();
        var milliseconds = undisturbed.Select(sample => sample.Milliseconds).Order().ToList();
        var quarter = Math.Max(1, memory.Count / 4);
        var (early, late) = (memory.Skip(quarter).Take(quarter).Average(), memory.TakeLast(quarter).Average());
        var report = new
        {
            users, seconds = Math.Round(began.Elapsed.TotalSeconds), requests = site.Journal.Samples.Count, perSecond = Math.Round(site.Journal.Samples.Count / began.Elapsed.TotalSeconds, 1),
            p50Ms = At(0.5), p95Ms = At(0.95), p99Ms = At(0.99), failed = undisturbed.Count(sample => sample.HasFailed), failedInRestarts = site.Journal.Samples.Count(sample => sample.HasFailed) - undisturbed.Count(sample => sample.HasFailed),
            restartSeconds = site.Journal.Outages.Select(outage => Math.Round(outage, 1)), confirmed = site.Confirmed, lost = site.Lost.Count,
            memoryMb = new { early = Math.Round(early), late = Math.Round(late), peak = Math.Round(memory.Max()) },
            slowest = undisturbed.GroupBy(sample => sample.What).Select(kind => new { what = kind.Key, p95Ms = P95(kind) }).OrderByDescending(kind => kind.p95Ms).Take(3),
        };
        // The console, not the test's output: the command shows this line.
        await Console.Out.WriteLineAsync($"load: {JsonSerializer.Serialize(report, JsonSerializerOptions.Web)}");
        Assert.True(report.p95Ms < LargestP95, $"95 % of the answers took up to {report.p95Ms} ms, more than {LargestP95}.");
        Assert.True(report.failed == 0, $"{report.failed} requests failed outside the restarts: {string.Join(", ", undisturbed.Where(sample => sample.HasFailed).GroupBy(sample => (sample.What, sample.Status)).Select(kind => $"{kind.Count()} × {kind.Key}"))}");
        Assert.True(site.Lost.Count == 0, string.Join('\n', site.Lost));
        Assert.True(late < early * LargestGrowth || late - early < GrowthInAnyCaseMb, $"The memory of both instances grew from {early:0} to {late:0} MB.");

        double At(double share) => Math.Round(milliseconds[(int)(share * (milliseconds.Count - 1))], 1);

        static double P95(IEnumerable<LoadSample> samples) => samples.Select(sample => Math.Round(sample.Milliseconds, 1)).Order().ToList() is var all ? all[(int)(0.95 * (all.Count - 1))] : 0;

        async Task WatchAsync(TimeSpan until)
        {
            using var every = new PeriodicTimer(TimeSpan.FromSeconds(1));
            while (began.Elapsed < until && !work.IsCompleted && await every.WaitForNextTickAsync(Cancellation))
                memory.Add(site.MemoryMb());
            if (work.IsCompleted)
                await work;
        }
    }

    /// <summary>The command that restarts a service of the test, from <c>./platform test load</c>.</summary>
    private static async Task RestartAsync(string service)
    {
        var command = Environment.GetEnvironmentVariable("LOAD_RESTART") ?? throw new InvalidOperationException("LOAD_RESTART is not set: run ./platform test load.");
        using var process = Process.Start("bash", [command, service]);
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(0, process.ExitCode);
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>Two instances behind a proxy, and people with accounts there.</summary>
    private sealed class Site(PlatformApp first, PlatformApp second, LoadProxy proxy, LoadUser[] users, LoadUser[] probes, LoadJournal journal) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        public LoadJournal Journal => journal;

        public IReadOnlyList<string> Lost => [.. users.SelectMany(user => user.Lost)];

        public int Confirmed => users.Sum(user => user.Confirmed);

        /// <param name="databases">Where accounts are made.</param>
        /// <param name="behind">The same as the app reaches them.</param>
        public static async Task<Site> StartAsync(PlatformHost host, AppDatabases databases, AppDatabases behind, IReadOnlyDictionary<string, string?> settings, int count)
        {
            var (first, second) = (await host.StartAppAsync(behind, settings), await host.StartAppAsync(behind, settings));
            var proxy = new LoadProxy([first.Address, second.Address]);
            await proxy.StartAsync();
            var journal = new LoadJournal();
            var users = Enumerable.Range(1, count).Select(number => new LoadUser(proxy.Address, journal, number)).ToArray();
            // They find out whether an instance works, and are no part of the load.
            LoadUser[] probes = [new(first.Address, new LoadJournal(), 1001), new(second.Address, new LoadJournal(), 1002)];
            foreach (var user in users.Concat(probes))
                await user.BeginAsync((await host.AddUserAsync(databases, SystemRole.AdvancedEngineer)).Email, ApiClient.Password, Cancellation);
            return new Site(first, second, proxy, users, probes, journal);
        }

        /// <summary>Everybody works until <see cref="EndAsync"/>.</summary>
        /// <param name="pause">Mean time between two things that a person does.</param>
        public Task WorkAsync(TimeSpan pause) => Task.WhenAll(users.Select(user => Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                await user.ActAsync(Cancellation);
                await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }, Cancellation)));

        /// <summary>Waits until both instances say that they are ready and take an upload, which needs all their services.</summary>
        public async Task UntilItWorksAsync()
        {
            using var http = new HttpClient();
            foreach (var (app, probe) in new[] { first, second }.Zip(probes))
                await Waiting.UntilAsync(
                    async () =>
                    {
                        using var ready = await http.GetAsync(new Uri(app.Address, "health/ready"), Cancellation);
                        return ready.IsSuccessStatusCode && await probe.UploadAsync(Cancellation);
                    },
                    "an instance works again", seconds: 300);
        }

        /// <summary>Resident memory of both instances.</summary>
        public double MemoryMb()
        {
            return Of(first) + Of(second);

            static double Of(PlatformApp app)
            {
                using var process = Process.GetProcessById(app.ProcessId);
                return process.WorkingSet64 / 1e6;
            }
        }

        /// <summary>Ends the work and asks for everything that was confirmed.</summary>
        public async Task EndAsync(Task work)
        {
            await _stop.CancelAsync();
            await work;
            foreach (var user in users)
                await user.CheckAsync(Cancellation);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            foreach (var user in users.Concat(probes))
                user.Dispose();
            await proxy.DisposeAsync();
            await first.DisposeAsync();
            await second.DisposeAsync();
            _stop.Dispose();
        }
    }
}
