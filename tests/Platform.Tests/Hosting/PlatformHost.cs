using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Application.Audit;
using VisionPlatform.Application.Invitations;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Platform.Tests.Hosting;

[assembly: AssemblyFixture(typeof(PlatformHost))]

namespace VisionPlatform.Platform.Tests.Hosting;

/// <summary>
/// One installation for all tests of this assembly: fresh databases and buckets on real servers, the built app as a
/// process, an administrator. A test may have further apps, on these databases or on others, with other settings.
/// </summary>
public sealed class PlatformHost : IAsyncLifetime
{
    public const string AdminEmail = "admin@platform.test";
    public const string BootstrapPassword = "one-time bootstrap phrase";
    public const string MasterKey = "master key of the tests";
    public const string JwtSecret = "a secret for the tests that is long enough to sign with";

    private readonly string _bucket = $"test-{Guid.CreateVersion7():n}";
    private readonly PasswordHashing _passwords = new();
    private readonly List<PlatformApp> _apps = [];
    private readonly ConcurrentDictionary<string, Lazy<Task<PlatformApp>>> _shared = new(StringComparer.Ordinal);
    private TestServices _services = null!;
    private TestDatabases _databases = null!;
    private string _passwordHash = "";

    /// <summary>What the apps have mailed.</summary>
    public MailFolder Mails { get; } = new();

    /// <summary>The app that the tests share.</summary>
    public PlatformApp App { get; private set; } = null!;

    /// <summary>Its administrator, signed in, the one-time password changed to <see cref="ApiClient.Password"/>.</summary>
    public ApiClient Admin { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _services = await TestServices.StartAsync();
        _databases = new TestDatabases(_services.Postgres);
        _passwordHash = await _passwords.HashAsync(ApiClient.Password, CancellationToken.None);
        using (var stores = new ObjectStores(Storage(), TimeProvider.System))
        {
            await stores.External.CreateBucketAsync(CancellationToken.None);
            await stores.Internal.CreateBucketAsync(CancellationToken.None);
            await stores.Weights.CreateBucketAsync(CancellationToken.None);
        }
        App = await StartAppAsync();
        Admin = await SignInAdminAsync(App);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps)
            await app.DisposeAsync();
        await EmptyBucketsAsync();
        await _databases.DisposeAsync();
        await _services.DisposeAsync();
        Mails.Dispose();
        _passwords.Dispose();
    }

    /// <summary>Databases of a further installation.</summary>
    /// <param name="migrated">Whether they have a schema.</param>
    public Task<AppDatabases> NewDatabasesAsync(bool migrated = true) => _databases.CreateAsync(migrated);

    /// <summary>Takes a database away under running apps.</summary>
    public Task DropDatabaseAsync(string url) => _databases.DropAsync(url);

    /// <summary>Starts a further app. Dispose it, or it runs until the end of all tests.</summary>
    /// <param name="databases">Those of the shared app when the same are given; new ones when null.</param>
    /// <param name="settings">Added to, or in place of, the usual settings; a null value removes one.</param>
    /// <param name="untilPath">What has to answer 200 before this returns.</param>
    /// <param name="on">What runs it; the embedded host when null.</param>
    public async Task<PlatformApp> StartAppAsync(
        AppDatabases? databases = null, IReadOnlyDictionary<string, string?>? settings = null, string untilPath = "/health/ready", IAppHost? on = null)
    {
        var all = Settings();
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>())
            all[key] = value;
        var app = new PlatformApp(databases ?? await NewDatabasesAsync(), all, on);
        _apps.Add(app);
        await app.StartAsync(untilPath);
        return app;
    }

    /// <summary>A further app that several tests share: the first one that asks for it starts it, and nobody disposes it.</summary>
    public Task<PlatformApp> SharedAppAsync(string name, Func<Task<PlatformApp>> start) => _shared.GetOrAdd(name, _ => new Lazy<Task<PlatformApp>>(start)).Value;

    /// <summary>The app that confirms addresses, on the databases of the shared app.</summary>
    public Task<PlatformApp> ConfirmingAppAsync() =>
        SharedAppAsync("confirming", () => StartAppAsync(App.Databases, new Dictionary<string, string?> { ["SIGN_UP_CONFIRM_EMAIL"] = "true" }));

    /// <summary>Signs the first administrator of an app in, changing the one-time password if that is still due.</summary>
    public static async Task<ApiClient> SignInAdminAsync(PlatformApp app)
    {
        var client = app.NewClient();
        if ((await client.SignInAsync(AdminEmail)).Code is null)
            return client;
        (await client.SignInAsync(AdminEmail, BootstrapPassword)).Expect(200);
        client.Use((await client.PutAsync("auth/password", new { currentPassword = BootstrapPassword, newPassword = ApiClient.Password })).Expect(200));
        return client;
    }

    /// <summary>A new account of the shared app (or another), signed in, with <see cref="ApiClient.Password"/>.</summary>
    public async Task<ApiClient> NewUserAsync(SystemRole role = SystemRole.StandardEngineer, PlatformApp? app = null)
    {
        app ??= App;
        var user = await AddUserAsync(app.Databases, role);
        await using var database = app.Databases.OpenUsers();
        var (session, accessToken) = await BeginSessionAsync(database, user);
        var client = app.NewClient();
        client.Use(user, accessToken, session.RefreshToken);
        return client;
    }

    /// <summary>Begins a session as a sign-in does, without the check of a password, which takes a tenth of a second of CPU.</summary>
    private static async Task<(RefreshableSession Session, string AccessToken)> BeginSessionAsync(UserDatabase database, User user)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("JWT_SECRET", (string?)JwtSecret)]).Build();
        var settings = SettingsReader.Read(configuration, AccountSettings.From);
        var sessions = new UserSessions(database, settings, new AuditLog(database, SettingsReader.Read(configuration, AuditSettings.From), TimeProvider.System), TimeProvider.System);
        var session = await sessions.BeginAsync(user, new ClientOrigin("127.0.0.1", null), CancellationToken.None);
        return (session, new AccessTokens(new SignedToken(JwtSecret, TimeProvider.System), settings, TimeProvider.System).Issue(user, session.SessionId));
    }

    /// <summary>A new account that is not signed in.</summary>
    public async Task<User> AddUserAsync(AppDatabases databases, SystemRole role = SystemRole.StandardEngineer, string? passwordHash = null)
    {
        var email = $"{role}.{Guid.CreateVersion7():n}@platform.test".ToLowerInvariant();
        var user = new User
        {
            Email = email, NormalizedEmail = email, PasswordHash = passwordHash ?? _passwordHash, Role = role, CreatedAt = DateTimeOffset.UtcNow, UpdatedAt = DateTimeOffset.UtcNow,
        };
        await using var database = databases.OpenUsers();
        database.Users.Add(user);
        await database.SaveChangesAsync();
        return user;
    }

    /// <summary>Makes somebody a member of a project.</summary>
    public static async Task JoinAsync(AppDatabases databases, Guid projectId, Guid userId, ProjectRole role)
    {
        await using var database = databases.OpenUsers();
        database.ProjectMembers.Add(new ProjectMember { ProjectId = projectId, UserId = userId, Role = role, CreatedAt = DateTimeOffset.UtcNow });
        await database.SaveChangesAsync();
    }

    /// <summary>Lets somebody be mailed again about invitations to something, as after a while.</summary>
    public async Task ForgetMailsAsync(string email, Guid targetId)
    {
        byte[][] keys = [MailLimits.RecipientKey(email.ToLowerInvariant()), MailLimits.AboutKey(email.ToLowerInvariant(), SentInvitations.About(targetId))];
        await using var database = App.Databases.OpenUsers();
        await database.MailCounts.Where(count => keys.Contains(count.KeyHash)).ExecuteDeleteAsync();
    }

    /// <summary>Fires a timer function of the shared app (or another) now.</summary>
    public async Task FireTimerAsync(string function, PlatformApp? app = null)
    {
        using var client = (app ?? App).NewClient();
        client.Http.DefaultRequestHeaders.Add("x-functions-key", MasterKey);
        (await client.PostTextAsync($"/admin/functions/{function}", "{}")).Expect(202);
    }

    /// <summary>The installation's own stores, to look behind the API.</summary>
    public ObjectStores OpenStores() => new(Storage(), TimeProvider.System);

    /// <summary>Address of the store.</summary>
    public string StoreEndpoint => _services.Settings["EXTERNAL_STORAGE_ENDPOINT"];

    /// <summary>Another bucket of the store.</summary>
    public ObjectStore OpenBucket(string name) => new(Storage().External with { Bucket = name }, TimeProvider.System);

    /// <summary>Address and keys of a bucket, by the last words of settings: <c>ENDPOINT</c>, <c>BUCKET</c>, …</summary>
    public IReadOnlyDictionary<string, string?> SettingsOfBucket(string name)
    {
        var bucket = Storage().External;
        return new Dictionary<string, string?>
        {
            ["ENDPOINT"] = bucket.Endpoint.ToString(), ["ACCESS_KEY"] = bucket.AccessKey, ["SECRET_KEY"] = bucket.SecretKey, ["REGION"] = bucket.Region, ["BUCKET"] = name,
        };
    }

    private StorageSettings Storage() => StorageSettings.From(new ConfigurationBuilder().AddInMemoryCollection(Settings()).Build());

    private Dictionary<string, string?> Settings() => new(_services.Settings.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)))
    {
        ["EXTERNAL_BUCKET_DATASETS"] = _bucket,
        ["INTERNAL_BUCKET_CHECKPOINTS"] = _bucket + "-internal",
        ["INTERNAL_BUCKET_WEIGHTS"] = _bucket + "-weights",
        ["JWT_SECRET"] = JwtSecret,
        ["BOOTSTRAP_ADMIN_EMAIL"] = AdminEmail,
        ["BOOTSTRAP_ADMIN_PASSWORD"] = BootstrapPassword,
        ["FUNCTIONS_MASTER_KEY"] = MasterKey,
        // All tests come from one address.
        ["RATE_LIMIT_PER_ADDRESS"] = "0",
        ["RATE_LIMIT_PER_USER"] = "0",
        ["RATE_LIMIT_PER_TOKEN"] = "0",
        ["RATE_LIMIT_SIGN_IN"] = "0",
        ["RATE_LIMIT_PREDICTIONS"] = "0",
        ["MAIL_DROP_DIRECTORY"] = Mails.Folder,
        ["SIGN_UP"] = "open",
        // All tests come from one address; the one about this limit has an app of its own.
        ["SIGN_IN_FAILURES_PER_ADDRESS"] = "1000000",
    };

    private async Task EmptyBucketsAsync()
    {
        using var stores = OpenStores();
        foreach (var store in new[] { stores.External, stores.Internal, stores.Weights })
        {
            var keys = new List<string>();
            await foreach (var found in store.ListAsync("", CancellationToken.None))
                keys.Add(found.Key);
            await store.DeleteAsync(keys, CancellationToken.None);
        }
    }
}
