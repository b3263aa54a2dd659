using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

/// <summary>Two services with one user database and one secret; the second one serves only labeling.</summary>
public sealed class ServiceTests(PlatformHost host) : PlatformTests(host)
{
    private const string LabelerSecret = "Wm8pXr3t-Kq5vZ1nB-Yc7dF2hJ-4sLg9aEu";

    [Fact]
    public async Task Accounts_and_sessions_are_valid_in_both_services()
    {
        var labeling = await LabelingAsync();
        var email = $"new.{Guid.CreateVersion7():n}@platform.test";
        using var there = labeling.NewClient();
        using var here = Host.App.NewClient();

        (await there.PostAsync("auth/sign-up", new { email, password = ApiClient.Password, fullName = "Made by labeling" })).Expect(202);

        (await here.SignInAsync(email)).Expect(200);
        (await here.GetAsync("projects")).Expect(200);
        var me = (await there.WithToken(here.AccessToken).GetAsync("labeling/me")).Expect(200);
        Assert.Equal(here.UserId, me.Body.GetProperty("user").GetProperty("id").GetGuid());
        Assert.Equal("session", me.Text("calledBy"));
        (await there.PostAsync("auth/logout")).Expect(204);
        (await here.GetAsync("projects")).Expect(401, "UNAUTHENTICATED");

        using var made = await Host.NewUserAsync();
        (await there.SignInAsync(made.Email)).Expect(200);
        (await there.GetAsync("labeling/me")).Expect(200);
    }

    [Fact]
    public async Task A_service_serves_only_its_own_modules()
    {
        var labeling = await LabelingAsync();
        using var client = await Host.NewUserAsync(app: labeling);

        (await client.GetAsync("projects")).Expect(404, "NOT_FOUND");
        (await client.PostAsync("projects", new { name = "not here" })).Expect(404, "NOT_FOUND");
        (await client.GetAsync("auth/me")).Expect(200);
        (await client.GetAsync("labeling/me")).Expect(200);
        await using var platform = await Host.StartAppAsync(Host.App.Databases, new Dictionary<string, string?> { ["MODULES"] = "platform" });
        using var other = platform.NewClient().WithToken(client.AccessToken);
        (await other.GetAsync("labeling/me")).Expect(404, "NOT_FOUND");
        (await other.GetAsync("projects")).Expect(200);
    }

    [Fact]
    public async Task Labeling_lists_the_datasets_shared_with_a_person_and_their_roles()
    {
        using var client = await Host.NewUserAsync();
        var dataset = Guid.CreateVersion7();
        await using (var database = Host.App.Databases.OpenUsers())
        {
            database.DatasetMembers.Add(new DatasetMember { DatasetId = dataset, UserId = client.UserId, Role = DatasetRole.Viewer, InvitedBy = client.UserId, CreatedAt = DateTimeOffset.UtcNow });
            await database.SaveChangesAsync();
        }

        var shared = (await client.GetAsync("labeling/me")).Expect(200).Body.GetProperty("datasets")[0];

        Assert.Equal((dataset, "viewer"), (shared.GetProperty("datasetId").GetGuid(), shared.GetProperty("role").GetString()));
        Assert.Equal(["datasets:read"], shared.GetProperty("permissions").EnumerateArray().Select(name => name.GetString()!));
    }

    [Fact]
    public async Task The_labeler_acts_for_a_person_within_scopes_and_audience()
    {
        var app = await WithLabelerAsync();
        using var person = await Host.NewUserAsync(app: app);
        var project = await person.NewProjectAsync();
        using var labeler = app.NewClient();

        var issued = (await ForLabelerAsync(labeler, person.UserId, "platform", "projects:read")).Expect(200);
        labeler.WithToken(issued.Text("accessToken"));

        Assert.Equal(300, issued.Body.GetProperty("expiresIn").GetInt32());
        (await labeler.GetAsync($"projects/{project}")).Expect(200);
        (await labeler.PutAsync($"projects/{project}", new { name = "renamed" })).Expect(403, "FORBIDDEN");
        (await labeler.GetAsync("labeling/me")).Expect(401, "UNAUTHENTICATED");
        (await labeler.GetAsync("auth/sessions")).Expect(403, "FORBIDDEN");
        (await labeler.PostAsync("auth/service-token", new { audience = "labeling", scopes = new[] { "projects:read" } })).Expect(403, "FORBIDDEN");
        var other = (await ForLabelerAsync(labeler, person.UserId, "labeling", "labeling:read")).Expect(200);
        var me = (await labeler.WithToken(other.Text("accessToken")).GetAsync("labeling/me")).Expect(200);
        Assert.Equal(("service", "labeler"), (me.Text("calledBy"), me.Text("service")));
        (await labeler.GetAsync($"projects/{project}")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task A_service_token_needs_the_right_secret_and_an_active_person()
    {
        var app = await WithLabelerAsync();
        var person = await Host.AddUserAsync(Host.App.Databases);
        using var labeler = app.NewClient();

        (await ForLabelerAsync(labeler, person.Id, "labeling", "labeling:read", secret: "wrong")).Expect(401, "INVALID_CLIENT");
        (await ForLabelerAsync(labeler, person.Id, "labeling", "labeling:read", client: "trainer")).Expect(401, "INVALID_CLIENT");
        (await ForLabelerAsync(labeler, Guid.CreateVersion7(), "labeling", "labeling:read")).Expect(404, "NOT_FOUND");
        Assert.NotEmpty((await ForLabelerAsync(labeler, person.Id, "labeling", "users:write")).Expect(422, "VALIDATION_FAILED").ErrorsOf("scopes[0]"));
        (await ForLabelerAsync(Host.App.NewClient(), person.Id, "labeling", "labeling:read")).Expect(401, "INVALID_CLIENT");
        (await labeler.PostAsync("auth/service-token", new { audience = "labeling", scopes = new[] { "read" } })).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task A_service_token_never_exceeds_the_scopes_of_the_token_that_asks()
    {
        using var person = await Host.NewUserAsync();
        var pat = (await person.PostAsync("auth/tokens", new { name = "t", scopes = new[] { "projects:read" } })).Expect(201).Text("token");

        var issued = (await person.PostAsync("auth/service-token", new { audience = "platform", scopes = new[] { "projects:read" } })).Expect(200);

        (await Host.App.NewClient().WithToken(issued.Text("accessToken")).GetAsync("projects")).Expect(200);
        var script = Host.App.NewClient().WithToken(pat);
        (await script.PostAsync("auth/service-token", new { audience = "platform", scopes = new[] { "projects:read" } })).Expect(200);
        (await script.PostAsync("auth/service-token", new { audience = "platform", scopes = new[] { "write" } })).Expect(403, "FORBIDDEN");
    }

    [Fact]
    public async Task A_service_can_sign_its_own_tokens_with_the_secret_but_only_for_five_minutes()
    {
        using var person = await Host.NewUserAsync();
        var tokens = new SignedToken(PlatformHost.JwtSecret, TimeProvider.System);
        var claims = new TokenClaims
        {
            Audience = "service:platform", Subject = person.UserId.ToString(), AuthorizedParty = "labeler", Scope = "projects:read", ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(5).ToUnixTimeSeconds(),
        };
        using var labeler = Host.App.NewClient();

        (await labeler.WithToken(tokens.Sign(claims)).GetAsync("projects")).Expect(200);

        (await labeler.WithToken(tokens.Sign(claims with { ExpiresAt = claims.ExpiresAt + 60 })).GetAsync("projects")).Expect(401, "UNAUTHENTICATED");
        (await labeler.WithToken(tokens.Sign(claims with { NotBefore = 1, ExpiresAt = 2 })).GetAsync("projects")).Expect(401, "TOKEN_EXPIRED");
        (await labeler.WithToken(tokens.Sign(claims with { Audience = "service:labeling" })).GetAsync("projects")).Expect(401, "UNAUTHENTICATED");
        (await labeler.WithToken(tokens.Sign(claims with { AuthorizedParty = null })).GetAsync("projects")).Expect(401, "UNAUTHENTICATED");
        (await labeler.WithToken(tokens.Sign(claims with { Scope = null })).GetAsync("projects")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task The_app_does_not_start_with_an_unknown_module()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => Host.StartAppAsync(Host.App.Databases, new Dictionary<string, string?> { ["MODULES"] = "platform,shared" }));

        Assert.Contains($"MODULES takes {AppModule.Platform.AsText()} and {AppModule.Labeling.AsText()}, not 'shared'.", failure.Message, StringComparison.Ordinal);
    }

    // It shares only the user database.
    private Task<PlatformApp> LabelingAsync() => Host.SharedAppAsync("labeling", async () => await Host.StartAppAsync(
        (await Host.NewDatabasesAsync()).With(Databases.Users, Host.App.Databases.Users), new Dictionary<string, string?> { ["MODULES"] = "labeling" }));

    // The labeler is known to it.
    private Task<PlatformApp> WithLabelerAsync() => Host.SharedAppAsync(
        "with labeler", () => Host.StartAppAsync(Host.App.Databases, new Dictionary<string, string?> { ["LABELER_CLIENT_SECRET"] = LabelerSecret }));

    private static Task<ApiAnswer> ForLabelerAsync(
        ApiClient labeler, Guid userId, string audience, string scope, string secret = LabelerSecret, string client = "labeler") =>
        labeler.PostAsync("auth/service-token", new { audience, scopes = new[] { scope }, clientId = client, clientSecret = secret, userId });
}
