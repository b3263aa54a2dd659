using System.Net;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Projects;

public sealed class ProjectMemberTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task A_colleague_can_be_added_given_another_role_and_removed()
    {
        var (owner, colleague) = await NewColleaguesAsync();
        using var _ = owner;
        using var __ = colleague;
        var project = await owner.NewProjectAsync();

        var added = (await owner.PostAsync($"projects/{project}/members", new { userId = colleague.UserId, role = "viewer" })).Expect(201);
        Assert.Equal("viewer", added.Text("role"));
        (await owner.PostAsync($"projects/{project}/members", new { userId = colleague.UserId, role = "viewer" })).Expect(409, "ALREADY_MEMBER");
        (await owner.PostAsync($"projects/{project}/members", new { userId = owner.UserId, role = "viewer" })).Expect(409, "ALREADY_MEMBER");
        (await colleague.PutAsync($"projects/{project}", new { name = "Mine" })).Expect(403, "FORBIDDEN");

        (await owner.PutAsync($"projects/{project}/members/{colleague.UserId}", new { role = "admin" })).Expect(200);
        (await colleague.PutAsync($"projects/{project}", new { name = "Ours" })).Expect(200);
        var members = (await colleague.GetAsync($"projects/{project}/members")).Expect(200).Items;
        Assert.Equal(["owner", "admin"], members.Select(member => member.GetProperty("role").GetString()));
        Assert.Equal([owner.Email, colleague.Email], members.Select(member => member.GetProperty("email").GetString()));

        (await owner.DeleteAsync($"projects/{project}/members/{colleague.UserId}")).Expect(204);
        (await colleague.GetAsync($"projects/{project}")).Expect(404, "NOT_FOUND");
        (await owner.DeleteAsync($"projects/{project}/members/{colleague.UserId}")).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task Adding_a_person_of_another_organization_fails_like_adding_an_unknown_person()
    {
        var (owner, _) = await NewColleaguesAsync();
        using var __ = owner;
        using var stranger = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();

        var outside = (await owner.PostAsync($"projects/{project}/members", new { userId = stranger.UserId, role = "member" })).Expect(422, "VALIDATION_FAILED");
        var nobody = (await owner.PostAsync($"projects/{project}/members", new { userId = Guid.CreateVersion7(), role = "member" })).Expect(422, "VALIDATION_FAILED");

        Assert.Equal(nobody.ErrorsOf("userId"), outside.ErrorsOf("userId"));
        (await Host.Admin.PostAsync($"projects/{project}/members", new { userId = stranger.UserId, role = "member" })).Expect(201);
    }

    [Theory]
    [InlineData("owner")]
    [InlineData("annotator")]
    [InlineData("standard_engineer")]
    [InlineData("OWNER")]
    [InlineData("")]
    public async Task A_role_that_is_not_a_role_of_projects_is_refused(string role)
    {
        var (owner, colleague) = await NewColleaguesAsync();
        using var _ = owner;
        using var __ = colleague;
        var project = await owner.NewProjectAsync();
        await PlatformHost.JoinAsync(Host.App.Databases, project, colleague.UserId, ProjectRole.Viewer);

        Assert.NotEmpty((await owner.PutAsync($"projects/{project}/members/{colleague.UserId}", new { role })).Expect(422, "VALIDATION_FAILED").ErrorsOf("role"));
        Assert.NotEmpty((await owner.PostAsync($"projects/{project}/members", new { userId = colleague.UserId, role })).Expect(422, "VALIDATION_FAILED").ErrorsOf("role"));
    }

    [Fact]
    public async Task A_member_can_leave_but_the_owner_must_transfer_the_project_first()
    {
        var (owner, member) = await NewColleaguesAsync();
        using var _ = owner;
        using var __ = member;
        var project = await owner.NewProjectAsync();
        await PlatformHost.JoinAsync(Host.App.Databases, project, member.UserId, ProjectRole.Admin);

        (await owner.PostAsync($"projects/{project}/leave")).Expect(409, "OWNER_STAYS");
        (await member.PutAsync($"projects/{project}/members/{owner.UserId}", new { role = "viewer" })).Expect(409, "OWNER_STAYS");
        (await member.DeleteAsync($"projects/{project}/members/{owner.UserId}")).Expect(409, "OWNER_STAYS");

        Assert.Equal("projects:transfer", (await member.PostAsync($"projects/{project}/transfer", new { userId = member.UserId })).Expect(403, "FORBIDDEN").Text("permission"));
        Assert.Equal(member.UserId, (await owner.PostAsync($"projects/{project}/transfer", new { userId = member.UserId })).Expect(200).Body.GetProperty("ownerId").GetGuid());
        Assert.Equal(["owner", "admin"], (await owner.GetAsync($"projects/{project}/members")).Items.Select(row => row.GetProperty("role").GetString()));
        (await owner.PostAsync($"projects/{project}/leave")).Expect(204);
        (await owner.GetAsync($"projects/{project}")).Expect(404);
        (await member.DeleteAsync($"projects/{project}")).Expect(204);
    }

    [Fact]
    public async Task A_project_can_only_be_transferred_to_a_member_whose_limit_allows_it()
    {
        using var owner = await Host.NewUserAsync();
        using var guest = await Host.NewUserAsync(SystemRole.Guest);
        using var stranger = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync("Shared name");
        await PlatformHost.JoinAsync(Host.App.Databases, project, guest.UserId, ProjectRole.Member);

        (await owner.PostAsync($"projects/{project}/transfer", new { userId = stranger.UserId })).Expect(422, "VALIDATION_FAILED");
        await guest.NewProjectAsync();
        (await owner.PostAsync($"projects/{project}/transfer", new { userId = guest.UserId })).Expect(403, "QUOTA_EXCEEDED");
        await PlatformHost.JoinAsync(Host.App.Databases, project, stranger.UserId, ProjectRole.Viewer);
        await stranger.NewProjectAsync("SHARED NAME");
        (await owner.PostAsync($"projects/{project}/transfer", new { userId = stranger.UserId })).Expect(409, "DUPLICATE_NAME");
        Assert.Equal(owner.UserId, (await owner.GetAsync($"projects/{project}")).Body.GetProperty("ownerId").GetGuid());
    }

    [Fact]
    public async Task One_of_two_simultaneous_transfers_succeeds_and_all_three_keep_access()
    {
        using var owner = await Host.NewUserAsync();
        using var first = await Host.NewUserAsync();
        using var second = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        await PlatformHost.JoinAsync(Host.App.Databases, project, first.UserId, ProjectRole.Member);
        await PlatformHost.JoinAsync(Host.App.Databases, project, second.UserId, ProjectRole.Member);

        var answers = await Task.WhenAll(new[] { first, second }.Select(to => owner.PostAsync($"projects/{project}/transfer", new { userId = to.UserId })));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => Assert.True((int)answer.Status is 403 or 409, answer.RawText));
        Assert.Equal(3, (await owner.GetAsync($"projects/{project}/members")).Expect(200).Items.Count);
    }

    [Fact]
    public async Task A_guest_cannot_add_members_even_to_an_own_project()
    {
        using var guest = await Host.NewUserAsync(SystemRole.Guest);
        var project = await guest.NewProjectAsync();

        Assert.Equal("members:invite", (await guest.PostAsync($"projects/{project}/members", new { userId = guest.UserId, role = "member" })).Expect(403, "FORBIDDEN").Text("permission"));
    }

    private async Task<(ApiClient Owner, ApiClient Colleague)> NewColleaguesAsync()
    {
        var organization = (await Host.Admin.PostAsync("organizations", new { name = $"Organization {Guid.CreateVersion7():n}" })).Expect(201).Id;
        var people = new[] { await Host.NewUserAsync(), await Host.NewUserAsync() };
        foreach (var person in people)
            (await Host.Admin.PutAsync($"organizations/{organization}/members/{person.UserId}")).Expect(200);
        return (people[0], people[1]);
    }
}
