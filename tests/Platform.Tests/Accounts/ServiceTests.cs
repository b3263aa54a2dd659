using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

/// <summary>Two services, one with labeling alone, on one user database with one secret.</summary>
public sealed class ServiceTests(PlatformHost host) : PlatformTests(host)
{
    private const string LabelerSecret = "Wm8pXr3t-Kq5vZ1nB-Yc7dF2hJ-4sLg9aEu";

    [Fact]
    public async Task A_person_made_by_one_service_signs_in_to_the_other_and_a_session_of_one_is_good_for_both()
    {
        await using var labeling = await StartLabelingAsync();
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
    public async Task A_service_serves_its_own_module_and_nothing_of_the_other()
    {
        await using var labeling = await StartLabelingAsync();
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
    public async Task Labeling_knows_the_datasets_shared_with_somebody_and_what_they_may_do_there()
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
    public async Task The_labeler_calls_in_a_persons_name_within_scopes_and_for_its_audience_alone()
    {
        await using var app = await Host.StartAppAsync(Host.App.Databases, new Dictionary<string, string?> { ["LABELER_CLIENT_SECRET"] = LabelerSecret });
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
    public async Task Without_the_right_secret_or_for_nobody_there_is_no_service_token()
    {
        await using var app = await Host.StartAppAsync(Host.App.Databases, new Dictionary<string, string?> { ["LABELER_CLIENT_SECRET"] = LabelerSecret });
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
    public async Task A_person_gets_a_service_token_of_at_most_their_own_tokens_scopes()
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
    public async Task A_service_that_shares_the_secret_may_sign_its_own_but_not_for_longer()
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
    public async Task A_name_that_is_no_module_keeps_the_app_from_starting()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => Host.StartAppAsync(Host.App.Databases, new Dictionary<string, string?> { ["MODULES"] = "platform,shared" }));

        Assert.Contains($"MODULES takes {AppModule.Platform.AsText()} and {AppModule.Labeling.AsText()}, not 'shared'.", failure.Message, StringComparison.Ordinal);
    }

    // Of the databases it shares that of the users alone.
    private async Task<PlatformApp> StartLabelingAsync() => await Host.StartAppAsync(
        (await Host.NewDatabasesAsync()).With(Databases.Users, Host.App.Databases.Users), new Dictionary<string, string?> { ["MODULES"] = "labeling" });

    private static Task<ApiAnswer> ForLabelerAsync(
        ApiClient labeler, Guid userId, string audience, string scope, string secret = LabelerSecret, string client = "labeler") =>
        labeler.PostAsync("auth/service-token", new { audience, scopes = new[] { scope }, clientId = client, clientSecret = secret, userId });
}
