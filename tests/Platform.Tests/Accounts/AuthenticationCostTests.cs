using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class AuthenticationCostTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Authentication_needs_one_query_for_a_token_and_none_for_other_text()
    {
        using var user = await Host.NewUserAsync();
        var script = (await user.PostAsync("auth/tokens", new { name = "script", scopes = new[] { "read" } })).Expect(201).Text("token")!;
        using var queries = new QueryCount();
        await using var users = queries.Open(Host.App.Databases.Users);
        var settings = SettingsReader.Read(
            new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("JWT_SECRET", (string?)PlatformHost.JwtSecret)]).Build(), AccountSettings.From);
        var signed = new SignedToken(PlatformHost.JwtSecret, TimeProvider.System);
        using var uses = new PersonalTokenUse(users, TimeProvider.System, NullLogger<PersonalTokenUse>.Instance);
        var callers = new Callers(users, new AccessTokens(signed, settings, TimeProvider.System), new ServiceTokens(signed, TimeProvider.System), uses, TimeProvider.System);

        Assert.Equal((user.UserId, 1), await FindAsync(user.AccessToken!));
        Assert.Equal((user.UserId, 1), await FindAsync(script));
        Assert.Equal((null, 0), await FindAsync("nonsense"));

        async Task<(Guid? User, int Queries)> FindAsync(string bearer)
        {
            var before = queries.Count;
            var found = await callers.FindAsync(bearer, AppModule.Platform, TestContext.Current.CancellationToken);
            return (found.Caller?.Id, queries.Count - before);
        }
    }

    /// <summary>Counts the commands that a data source sends, by its log.</summary>
    private sealed class QueryCount : ILoggerFactory, ILogger
    {
        private int _count;

        public int Count => _count;

        public NpgsqlDataSource Open(string url) => new NpgsqlDataSourceBuilder(TestDatabases.ConnectionString(url)).UseLoggerFactory(this).Build();

        public ILogger CreateLogger(string categoryName) => categoryName == "Npgsql.Command" ? this : NullLogger.Instance;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).StartsWith("Command execution completed", StringComparison.Ordinal))
                Interlocked.Increment(ref _count);
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
