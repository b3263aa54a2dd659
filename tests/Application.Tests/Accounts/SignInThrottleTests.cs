using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Tests.Accounts;

/// <summary>How long failures to sign in lock an address.</summary>
public sealed class SignInThrottleTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly SetClock _clock = new();
    private NpgsqlDataSource _source = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("USER_DATABASE_URL", await postgres.NewDatabaseAsync())]).Build();
        _source = NpgsqlDataSource.Create(DatabaseSettings.ConnectionString(settings, "USER_DATABASE_URL"));
        await using var database = Open();
        await database.Database.MigrateAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    [Fact]
    public async Task A_lock_lasts_twice_as_long_after_each_further_failure_up_to_15_minutes()
    {
        for (var i = 1; i < SignInThrottle.FailuresPerEmail; i++)
            Assert.Equal(TimeSpan.Zero, await FailAsync());
        var locks = new List<double>();
        for (var i = 0; i < 7; i++)
        {
            var locked = await FailAsync();
            locks.Add(locked.TotalSeconds);
            _clock.Now += locked;
        }

        Assert.Equal([30, 60, 120, 240, 480, 900, 900], locks);
    }

    [Fact]
    public async Task An_hour_without_a_failure_begins_the_count_again()
    {
        for (var i = 0; i < SignInThrottle.FailuresPerEmail; i++)
            await FailAsync();
        _clock.Now += SignInThrottle.Memory + TimeSpan.FromSeconds(1);

        for (var i = 1; i < SignInThrottle.FailuresPerEmail; i++)
            Assert.Equal(TimeSpan.Zero, await FailAsync());
        Assert.Equal(TimeSpan.FromSeconds(30), await FailAsync());
    }

    /// <summary>Records a failure and returns how long the address is locked now.</summary>
    private async Task<TimeSpan> FailAsync()
    {
        const string Email = "kim@example.org";
        await using var database = Open();
        var settings = new AccountSettings(
            "", null, default, default, null, null, SignUpMode.Invitation, ConfirmsEmail: false, default, default, SignInFailuresPerAddress: 100,
            new Uri("http://127.0.0.1/"), null);
        var throttle = new SignInThrottle(database, settings, _clock);
        await throttle.RecordFailureAsync(Email, "203.0.113.7", Cancellation);
        try
        {
            await throttle.RequireUnlockedAsync(Email, "203.0.113.7", Cancellation);
            return TimeSpan.Zero;
        }
        catch (ProblemException locked) when (locked.Error == ErrorCodes.TooManyAttempts)
        {
            return locked.RetryAfter!.Value;
        }
    }

    private UserDatabase Open() => new(new DbContextOptionsBuilder<UserDatabase>().UseNpgsql(_source).Options);

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
