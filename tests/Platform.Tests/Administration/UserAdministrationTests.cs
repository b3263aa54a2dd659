using System.Net;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Administration;

public sealed class UserAdministrationTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task An_administrator_can_find_filter_and_edit_accounts()
    {
        var person = await Host.AddUserAsync(Host.App.Databases, SystemRole.Guest);
        var needle = person.Email[..25];

        Assert.Equal(person.Id, Assert.Single((await Host.Admin.GetAsync($"admin/users?search={needle.ToUpperInvariant()}")).Expect(200).Items).GetProperty("id").GetGuid());
        Assert.Empty((await Host.Admin.GetAsync($"admin/users?search={needle}&role=manager")).Expect(200).Items);
        Assert.Empty((await Host.Admin.GetAsync($"admin/users?search={needle}&active=false")).Expect(200).Items);
        Assert.Empty((await Host.Admin.GetAsync("admin/users?search=%25_%25")).Expect(200).Items);

        var email = $"renamed.{Guid.CreateVersion7():n}@platform.test";
        var edited = (await Host.Admin.PutAsync($"admin/users/{person.Id}", new { email, fullName = "Kim Berg" })).Expect(200);
        Assert.Equal("Kim Berg", edited.Text("fullName"));
        (await Host.Admin.PutAsync($"admin/users/{person.Id}", new { email = Host.Admin.Email.ToUpperInvariant(), fullName = "Kim" })).Expect(409, "EMAIL_TAKEN");
        (await Host.Admin.PutAsync($"admin/users/{person.Id}", new { email = "nonsense", fullName = "Kim" })).Expect(422, "VALIDATION_FAILED");
        using var renamed = Host.App.NewClient();
        (await renamed.SignInAsync(email)).Expect(200);
    }

    [Fact]
    public async Task Accounts_are_sorted_by_address_regardless_of_case()
    {
        var domain = $"{Guid.CreateVersion7():n}.test";
        foreach (var name in new[] { "Berta", "anton", "CAESAR", "dora" })
        {
            var person = await Host.AddUserAsync(Host.App.Databases, SystemRole.Guest);
            (await Host.Admin.PutAsync($"admin/users/{person.Id}", new { email = $"{name}@{domain}", fullName = name })).Expect(200);
        }

        Assert.Equal(["anton", "Berta", "CAESAR", "dora"], await NamesAsync("email"));
        Assert.Equal(["dora", "CAESAR", "Berta", "anton"], await NamesAsync("-email"));

        async Task<IEnumerable<string?>> NamesAsync(string sort) =>
            (await Host.Admin.GetAsync($"admin/users?search={domain}&sort={sort}")).Expect(200).Items.Select(item => item.GetProperty("fullName").GetString());
    }

    [Fact]
    public async Task A_manager_can_only_see_change_and_promote_accounts_below_managers()
    {
        using var manager = await Host.NewUserAsync(SystemRole.Manager);
        var guest = await Host.AddUserAsync(Host.App.Databases, SystemRole.Guest);
        var other = await Host.AddUserAsync(Host.App.Databases, SystemRole.Manager);
        var admin = await Host.AddUserAsync(Host.App.Databases, SystemRole.Admin);

        foreach (var target in new[] { other, admin })
        {
            (await manager.GetAsync($"admin/users/{target.Id}")).Expect(404, "NOT_FOUND");
            (await manager.PutAsync($"admin/users/{target.Id}", new { email = target.Email, fullName = "Taken over" })).Expect(404, "NOT_FOUND");
            (await manager.PutAsync($"admin/users/{target.Id}/role", new { role = "guest" })).Expect(404, "NOT_FOUND");
            (await manager.PostAsync($"admin/users/{target.Id}/deactivate")).Expect(404, "NOT_FOUND");
            Assert.Empty((await manager.GetAsync($"admin/users?search={target.Email}")).Expect(200).Items);
        }
        foreach (var role in new[] { "manager", "admin" })
            Assert.Equal("users:write", (await manager.PutAsync($"admin/users/{guest.Id}/role", new { role })).Expect(403, "FORBIDDEN").Text("permission"));
        foreach (var role in new[] { "standard_engineer", "advanced_engineer", "guest" })
            Assert.Equal(role, (await manager.PutAsync($"admin/users/{guest.Id}/role", new { role })).Expect(200).Text("role"));
        (await manager.DeleteAsync($"admin/users/{guest.Id}")).Expect(403, "FORBIDDEN");
        (await manager.PutAsync($"admin/users/{manager.UserId}/role", new { role = "guest" })).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task A_manager_of_an_organization_can_only_see_its_people()
    {
        using var manager = await Host.NewUserAsync(SystemRole.Manager);
        var (own, stranger) = (await Host.AddUserAsync(Host.App.Databases, SystemRole.Guest), await Host.AddUserAsync(Host.App.Databases, SystemRole.Guest));
        var organization = (await Host.Admin.PostAsync("organizations", new { name = $"Organization {Guid.CreateVersion7():n}" })).Expect(201).Id;
        foreach (var id in new[] { manager.UserId, own.Id })
            (await Host.Admin.PutAsync($"organizations/{organization}/members/{id}")).Expect(200);

        Assert.Equal(own.Id, Assert.Single((await manager.GetAsync("admin/users")).Expect(200).Items).GetProperty("id").GetGuid());
        (await manager.GetAsync($"admin/users/{stranger.Id}")).Expect(404);
        (await manager.PutAsync($"admin/users/{stranger.Id}/role", new { role = "advanced_engineer" })).Expect(404);
        (await manager.PutAsync($"admin/users/{own.Id}/role", new { role = "advanced_engineer" })).Expect(200);
    }

    [Fact]
    public async Task Deactivation_ends_sessions_and_tokens_at_once_and_reactivation_does_not_restore_them()
    {
        using var person = await Host.NewUserAsync();
        using var script = Host.App.NewClient();
        script.WithToken((await person.PostAsync("auth/tokens", new { name = "script", scopes = new[] { "read" } })).Expect(201).Text("token"));
        (await script.GetAsync("projects")).Expect(200);

        (await Host.Admin.PostAsync($"admin/users/{person.UserId}/deactivate")).Expect(200);
        (await person.GetAsync("auth/me")).Expect(401);
        (await script.GetAsync("projects")).Expect(401);
        (await person.PostAsync("auth/refresh", new { refreshToken = person.RefreshToken })).Expect(401);
        (await Host.App.NewClient().SignInAsync(person.Email)).Expect(401, "INVALID_CREDENTIALS");

        (await Host.Admin.PostAsync($"admin/users/{person.UserId}/reactivate")).Expect(200);
        (await person.GetAsync("auth/me")).Expect(401);
        (await script.GetAsync("projects")).Expect(401);
        (await person.PostAsync("auth/refresh", new { refreshToken = person.RefreshToken })).Expect(401);
        (await person.SignInAsync(person.Email)).Expect(200);
    }

    [Fact]
    public async Task An_account_that_owns_a_project_and_ones_own_account_cannot_be_deleted()
    {
        using var owner = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();

        (await Host.Admin.DeleteAsync($"admin/users/{owner.UserId}")).Expect(409, "OWNS_PROJECTS");
        (await Host.Admin.DeleteAsync($"admin/users/{Host.Admin.UserId}")).Expect(409, "OWN_ACCOUNT");

        var heir = await Host.AddUserAsync(Host.App.Databases);
        Assert.Equal(heir.Id, (await Host.Admin.PutAsync($"admin/projects/{project}/owner", new { userId = heir.Id })).Expect(200).Body.GetProperty("ownerId").GetGuid());
        (await Host.Admin.DeleteAsync($"admin/users/{owner.UserId}")).Expect(204);
        (await owner.GetAsync("auth/me")).Expect(401);
        Assert.Equal(project, Assert.Single((await Host.Admin.GetAsync($"admin/projects?ownerId={heir.Id}")).Expect(200).Items).GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task One_administrator_remains_when_two_demote_each_other_at_the_same_time()
    {
        // A separate installation, which has no other administrators.
        await using var app = await Host.StartAppAsync();
        using var first = await PlatformHost.SignInAdminAsync(app);
        (await first.PutAsync($"admin/users/{first.UserId}/role", new { role = "guest" })).Expect(409, "LAST_ADMINISTRATOR");
        (await first.PostAsync($"admin/users/{first.UserId}/deactivate")).Expect(409, "LAST_ADMINISTRATOR");
        using var second = await Host.NewUserAsync(SystemRole.Admin, app);

        for (var round = 0; round < 5; round++)
        {
            var answers = await Task.WhenAll(
                first.PutAsync($"admin/users/{second.UserId}/role", new { role = "guest" }), second.PostAsync($"admin/users/{first.UserId}/deactivate"));
            Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
            if (answers[0].Status == HttpStatusCode.OK)
            {
                (await first.PutAsync($"admin/users/{second.UserId}/role", new { role = "admin" })).Expect(200);
                continue;
            }
            (await second.PostAsync($"admin/users/{first.UserId}/reactivate")).Expect(200);
            (await first.SignInAsync(first.Email)).Expect(200);
        }
    }

    [Fact]
    public async Task A_change_of_role_is_in_the_audit_log_with_both_people_and_both_roles()
    {
        var person = await Host.AddUserAsync(Host.App.Databases, SystemRole.Guest);
        (await Host.Admin.PutAsync($"admin/users/{person.Id}/role", new { role = "manager" })).Expect(200);

        var entry = Assert.Single((await Host.Admin.GetAsync($"admin/audit?action=user.update_role&subjectId={person.Id}")).Expect(200).Items);
        Assert.Equal(Host.Admin.Email, entry.GetProperty("actorName").GetString());
        Assert.Equal("""{"after":"manager","before":"guest"}""", entry.GetProperty("details").GetRawText().Replace(" ", "", StringComparison.Ordinal));
    }
}
