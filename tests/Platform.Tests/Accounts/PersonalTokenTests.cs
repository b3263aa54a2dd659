using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class PersonalTokenTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task A_token_is_shown_once_and_works_within_its_scopes()
    {
        using var owner = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();

        var made = (await NewTokenAsync(owner, "read")).Expect(201);

        var script = Host.App.NewClient().WithToken(made.Text("token"));
        Assert.StartsWith("pat_", made.Text("token"), StringComparison.Ordinal);
        Assert.Equal($"/api/v1/auth/tokens/{made.Id}", made.Headers.Location!.ToString());
        Assert.Equal(owner.UserId, (await script.GetAsync("auth/me")).Expect(200).Id);
        (await script.GetAsync($"projects/{project}")).Expect(200);
        var refused = (await script.PostAsync("projects", new { name = "by a script" })).Expect(403, "FORBIDDEN");
        Assert.Contains("projects:create", refused.Text("detail"), StringComparison.Ordinal);
        var listed = (await owner.GetAsync("auth/tokens")).Expect(200);
        Assert.Equal(made.Id, listed.Items.Single().GetProperty("id").GetGuid());
        Assert.DoesNotContain(made.Text("token")!, listed.RawText, StringComparison.Ordinal);
        Assert.False(listed.Items.Single().TryGetProperty("token", out _));
    }

    [Fact]
    public async Task Scopes_named_after_permissions_allow_exactly_these_permissions()
    {
        using var owner = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        var script = await ScriptAsync(owner, "datasets:write", "projects:read");

        (await script.PostAsync("datasets", new { projectId = project, name = "d", taskType = "image_classification" })).Expect(201);

        (await script.GetAsync("projects")).Expect(200);
        (await script.PutAsync($"projects/{project}", new { name = "renamed" })).Expect(403, "FORBIDDEN");
        (await script.DeleteAsync($"projects/{project}")).Expect(403, "FORBIDDEN");
        (await script.GetAsync($"training/jobs?projectId={project}")).Expect(403, "FORBIDDEN");
    }

    [Fact]
    public async Task No_token_can_change_the_security_of_its_account()
    {
        using var owner = await Host.NewUserAsync(SystemRole.Admin);
        var script = await ScriptAsync(owner, "read", "write", "admin");

        foreach (var refused in new[]
        {
            await script.PostAsync("auth/tokens", new { name = "more", scopes = new[] { "read" } }),
            await script.GetAsync("auth/tokens"),
            await script.GetAsync("auth/sessions"),
            await script.PutAsync("auth/me", new { fullName = "x", badgeColor = (string?)null }),
            await script.PutAsync("auth/password", new { currentPassword = ApiClient.Password, newPassword = "another long pass phrase" }),
            await script.PostAsync("auth/logout-everywhere"),
        })
        {
            Assert.Contains("account:", refused.Expect(403, "FORBIDDEN").Text("detail"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_token_never_has_more_rights_than_its_owner_has_now()
    {
        using var owner = await Host.NewUserAsync(SystemRole.Admin);
        using var stranger = await Host.NewUserAsync();
        var project = await stranger.NewProjectAsync();
        var script = await ScriptAsync(owner, "read", "write", "admin");
        (await script.GetAsync($"projects/{project}")).Expect(200);

        await ChangeAsync(owner.UserId, user => user.Role = SystemRole.Guest);
        (await script.GetAsync($"projects/{project}")).Expect(404);

        await ChangeAsync(owner.UserId, user => user.IsActive = false);
        (await script.GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task A_revoked_or_expired_token_is_refused_at_once()
    {
        using var owner = await Host.NewUserAsync();
        var revoked = (await NewTokenAsync(owner, "read")).Expect(201);
        var expired = (await NewTokenAsync(owner, "read")).Expect(201);
        await using var database = Host.App.Databases.OpenUsers();

        (await owner.DeleteAsync($"auth/tokens/{revoked.Id}")).Expect(204);
        await database.PersonalTokens.Where(t => t.Id == expired.Id).ExecuteUpdateAsync(set => set.SetProperty(t => t.ExpiresAt, DateTimeOffset.UtcNow.AddSeconds(-1)));

        (await Host.App.NewClient().WithToken(revoked.Text("token")).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await Host.App.NewClient().WithToken(expired.Text("token")).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await Host.App.NewClient().WithToken("pat_of-nobody").GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await owner.DeleteAsync($"auth/tokens/{revoked.Id}")).Expect(404);
        Assert.Empty((await owner.GetAsync("auth/tokens")).Items);
    }

    [Fact]
    public async Task Tokens_of_other_accounts_cannot_be_seen_or_revoked()
    {
        using var owner = await Host.NewUserAsync();
        using var other = await Host.NewUserAsync(SystemRole.Admin);
        var made = (await NewTokenAsync(owner, "read")).Expect(201);

        (await other.DeleteAsync($"auth/tokens/{made.Id}")).Expect(404);

        Assert.Empty((await other.GetAsync("auth/tokens")).Items);
        (await Host.App.NewClient().WithToken(made.Text("token")).GetAsync("auth/me")).Expect(200);
    }

    [Fact]
    public async Task The_last_use_of_a_token_is_recorded()
    {
        using var owner = await Host.NewUserAsync();
        var script = await ScriptAsync(owner, "read");
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await owner.GetAsync("auth/tokens")).Items.Single().GetProperty("lastUsedAt").ValueKind);

        (await script.GetAsync("projects")).Expect(200);

        await Waiting.UntilAsync(async () => (await owner.GetAsync("auth/tokens")).Items.Single().GetProperty("lastUsedAt").ValueKind == System.Text.Json.JsonValueKind.String, "the last use is recorded");
    }

    [Fact]
    public async Task Only_the_hash_of_a_token_is_stored()
    {
        using var owner = await Host.NewUserAsync();
        var token = (await NewTokenAsync(owner, "read")).Text("token")!;
        await using var database = Host.App.Databases.OpenUsers();

        var row = await database.PersonalTokens.SingleAsync(t => t.UserId == owner.UserId);

        Assert.Equal(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(token)), row.TokenHash);
    }

    [Theory]
    [InlineData("everything")]
    [InlineData("account:security")]
    [InlineData("account:password")]
    [InlineData("")]
    [InlineData("READ")]
    public async Task An_unknown_scope_is_refused_with_its_position(string scope)
    {
        using var owner = await Host.NewUserAsync();

        var refused = await NewTokenAsync(owner, "read", scope);

        Assert.NotEmpty(refused.Expect(422, "VALIDATION_FAILED").ErrorsOf("scopes[1]"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(367)]
    public async Task A_lifetime_outside_the_limits_is_refused(int days)
    {
        using var owner = await Host.NewUserAsync();

        var refused = await owner.PostAsync("auth/tokens", new { name = "t", scopes = new[] { "read" }, expiresInDays = days });

        Assert.NotEmpty(refused.Expect(422, "VALIDATION_FAILED").ErrorsOf("expiresInDays"));
    }

    private static Task<ApiAnswer> NewTokenAsync(ApiClient owner, params string[] scopes) =>
        owner.PostAsync("auth/tokens", new { name = "a script", scopes });

    private async Task<ApiClient> ScriptAsync(ApiClient owner, params string[] scopes) =>
        Host.App.NewClient().WithToken((await NewTokenAsync(owner, scopes)).Expect(201).Text("token"));

    private async Task ChangeAsync(Guid userId, Action<User> change)
    {
        await using var database = Host.App.Databases.OpenUsers();
        change(await database.Users.SingleAsync(user => user.Id == userId));
        await database.SaveChangesAsync();
    }
}
