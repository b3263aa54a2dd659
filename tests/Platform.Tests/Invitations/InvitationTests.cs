using System.Net;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Datasets;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Invitations;

public sealed class InvitationTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Accepting_with_the_mailed_token_gives_the_invited_role_in_the_project()
    {
        using var owner = await Host.NewUserAsync();
        using var invited = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync("Steel plates");

        var sent = (await owner.PostAsync($"projects/{project}/invitations", new { email = invited.Email.ToUpperInvariant(), role = "admin", message = "Come and label" })).Expect(201);
        Assert.DoesNotContain("token", sent.RawText, StringComparison.OrdinalIgnoreCase);
        var mail = await Host.Mails.WaitAsync(invited.Email, "Steel plates");
        var token = MailFolder.TokenIn(mail);
        using (var stranger = Host.App.NewClient())
        {
            var preview = (await stranger.PostAsync("invitations/preview", new { token })).Expect(200);
            Assert.Equal(("Steel plates", "Come and label"), (preview.Text("targetName"), preview.Text("message")));
        }
        Assert.Equal(sent.Id, Assert.Single((await owner.GetAsync("invitations")).Items).GetProperty("id").GetGuid());

        Assert.Equal("accepted", (await invited.PostAsync("invitations/accept", new { token })).Expect(200).Text("state"));

        Assert.Equal("admin", (await invited.GetAsync($"projects/{project}/members/{invited.UserId}")).Expect(200).Text("role"));
        Assert.Equal("standard_engineer", (await invited.GetAsync("auth/me")).Text("role"));
        (await invited.PostAsync("invitations/accept", new { token })).Expect(409, "INVALID_STATE");
        (await owner.PostAsync($"projects/{project}/invitations", new { email = invited.Email, role = "viewer" })).Expect(409, "ALREADY_MEMBER");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Having_the_address_shows_an_invitation_only_where_addresses_are_confirmed(bool confirmed)
    {
        var app = confirmed ? await Host.ConfirmingAppAsync() : Host.App;
        using var owner = await Host.NewUserAsync(app: app);
        using var invited = await Host.NewUserAsync(app: app);
        var project = await owner.NewProjectAsync();
        var sent = (await owner.PostAsync($"projects/{project}/invitations", new { email = invited.Email, role = "viewer", message = "for your eyes" })).Expect(201);

        Assert.Equal(confirmed ? 1 : 0, (await invited.GetAsync("invitations/received")).Expect(200).Items.Count);
        (await invited.GetAsync($"invitations/{sent.Id}")).Expect(confirmed ? 200 : 404);

        (await invited.PostAsync("invitations/accept", new { token = MailFolder.TokenIn(await Host.Mails.WaitAsync(invited.Email, "as viewer")) })).Expect(200);
        Assert.Single((await invited.GetAsync("invitations/received")).Expect(200).Items);
        (await invited.GetAsync($"invitations/{sent.Id}")).Expect(200);
    }

    [Fact]
    public async Task What_a_crash_left_of_a_deleted_project_is_removed()
    {
        using var owner = await Host.NewUserAsync();
        using var member = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        await PlatformHost.JoinAsync(Host.App.Databases, project, member.UserId, ProjectRole.Member);
        var sent = (await owner.PostAsync($"projects/{project}/invitations", new { email = NewAddress(), role = "viewer" })).Expect(201);
        await using (var platform = Host.App.Databases.OpenPlatform())
            await platform.Projects.Where(row => row.Id == project).ExecuteUpdateAsync(set => set.SetProperty(row => row.DeletedAt, DateTimeOffset.UtcNow), TestContext.Current.CancellationToken);

        await Host.FireTimerAsync("RemoveExpired");

        await Waiting.UntilAsync(async () => (await owner.GetAsync($"invitations/{sent.Id}")).Text("state") == "cancelled", "the invitation is cancelled");
        await using var users = Host.App.Databases.OpenUsers();
        await Waiting.UntilAsync(async () => !await users.ProjectMembers.AnyAsync(row => row.ProjectId == project), "the membership is removed");
    }

    [Theory]
    [InlineData("cancel and invite anew")]
    [InlineData("resend")]
    [InlineData("decline and invite anew")]
    [InlineData("somebody else invites")]
    public async Task A_mailbox_gets_one_mail_about_an_invitation_a_minute_whatever_the_way(string way)
    {
        using var owner = await Host.NewUserAsync();
        using var admin = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        await PlatformHost.JoinAsync(Host.App.Databases, project, admin.UserId, ProjectRole.Admin);
        var (email, body) = (NewAddress(), (Func<string, object>)(address => new { email = address, role = "viewer" }));
        var sent = (await owner.PostAsync($"projects/{project}/invitations", body(email))).Expect(201);
        var mail = await Host.Mails.WaitAsync(email, "as viewer");
        if (way is "cancel and invite anew" or "somebody else invites")
            (await owner.DeleteAsync($"invitations/{sent.Id}")).Expect(204);
        if (way == "decline and invite anew")
            (await Host.App.NewClient().PostAsync("invitations/decline", new { token = MailFolder.TokenIn(mail) })).Expect(204);

        var refused = way == "resend" ? await owner.PostAsync($"invitations/{sent.Id}/resend")
            : await (way == "somebody else invites" ? admin : owner).PostAsync($"projects/{project}/invitations", body($" {email.ToUpperInvariant()}"));

        Assert.InRange(refused.Expect(429, "TOO_MANY_ATTEMPTS").Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Single(Host.Mails.FilesTo(email));
    }

    [Fact]
    public async Task A_mailbox_and_a_sender_have_limits_for_an_hour()
    {
        await using var app = await Host.StartAppAsync(settings: new Dictionary<string, string?> { ["MAIL_LIMIT_PER_RECIPIENT"] = "2", ["MAIL_LIMIT_PER_SENDER"] = "3" });
        using var owner = await Host.NewUserAsync(app: app);
        using var other = await Host.NewUserAsync(app: app);
        var email = NewAddress();
        foreach (var _ in Enumerable.Range(0, 2))
            (await owner.PostAsync($"projects/{await owner.NewProjectAsync()}/invitations", new { email, role = "viewer" })).Expect(201);

        foreach (var anybody in new[] { owner, other })
            Assert.NotNull((await anybody.PostAsync($"projects/{await anybody.NewProjectAsync()}/invitations", new { email, role = "viewer" })).Expect(429, "TOO_MANY_ATTEMPTS").Headers.RetryAfter);

        var project = await owner.NewProjectAsync();
        (await owner.PostAsync($"projects/{project}/invitations", new { email = NewAddress(), role = "viewer" })).Expect(201);
        (await owner.PostAsync($"projects/{project}/invitations", new { email = NewAddress(), role = "viewer" })).Expect(429, "TOO_MANY_ATTEMPTS");
        (await other.PostAsync($"projects/{await other.NewProjectAsync()}/invitations", new { email = NewAddress(), role = "viewer" })).Expect(201);
    }

    [Theory]
    [InlineData("Cheap watches at http://spam.example")]
    [InlineData("spam.example")]
    [InlineData("write to sales@spam.example")]
    public async Task The_mail_of_an_invitation_has_no_text_of_the_inviter_that_leads_anywhere(string text)
    {
        using var owner = await Host.NewUserAsync();
        (await owner.PutAsync("auth/me", new { fullName = text, badgeColor = (string?)null })).Expect(200);
        var email = NewAddress();
        var project = (await owner.PostAsync("projects", new { name = text })).Expect(201).Id;

        (await owner.PostAsync($"projects/{project}/invitations", new { email, role = "viewer", message = text })).Expect(201);

        var mail = await Host.Mails.WaitAsync(email, "as viewer");
        Assert.DoesNotContain("spam.example", mail, StringComparison.Ordinal);
        Assert.Contains(owner.Email, mail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_account_of_the_invited_address_can_accept()
    {
        using var owner = await Host.NewUserAsync();
        using var invited = await Host.NewUserAsync();
        using var thief = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        var (id, token) = await InviteAsync(owner, $"projects/{project}", invited.Email, "member");

        (await thief.PostAsync("invitations/accept", new { token })).Expect(403, "INVITATION_FOR_ANOTHER");
        using (var stranger = Host.App.NewClient())
            (await stranger.PostAsync("invitations/accept", new { token })).Expect(401);
        (await thief.GetAsync($"invitations/{id}")).Expect(404, "NOT_FOUND");
        (await thief.DeleteAsync($"invitations/{id}")).Expect(404, "NOT_FOUND");
        (await invited.DeleteAsync($"invitations/{id}")).Expect(404, "NOT_FOUND");
        (await invited.PostAsync("invitations/accept", new { token = token + "x" })).Expect(404, "INVITATION_INVALID");
        (await invited.PostAsync("invitations/accept", new { token })).Expect(200);
    }

    [Theory]
    [InlineData("organizations", "member")]
    [InlineData("organizations", "owner")]
    [InlineData("organizations", "manager")] // A manager grants only what is below managers.
    [InlineData("projects", "manager")]
    [InlineData("projects", "owner")]
    [InlineData("projects", "annotator")]
    [InlineData("datasets", "member")]
    [InlineData("datasets", "owner")]
    [InlineData("datasets", "guest")]
    public async Task A_role_of_another_kind_of_invitation_is_refused(string kind, string role)
    {
        using var manager = await Host.NewUserAsync(SystemRole.Manager);
        var target = kind switch
        {
            "organizations" => await NewOrganizationAsync(manager),
            "projects" => await manager.NewProjectAsync(),
            _ => await manager.NewDatasetAsync(),
        };

        Assert.NotEmpty((await manager.PostAsync($"{kind}/{target}/invitations", new { email = NewAddress(), role })).Expect(422, "VALIDATION_FAILED").ErrorsOf("role"));
    }

    [Fact]
    public async Task A_shared_dataset_is_visible_without_its_project_and_usable_within_the_role()
    {
        using var owner = await Host.NewUserAsync();
        using var viewer = await Host.NewUserAsync();
        using var admin = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        var dataset = await owner.NewDatasetAsync(project);
        var other = await owner.NewDatasetAsync(project);
        foreach (var (person, role) in new[] { (viewer, "viewer"), (admin, "admin") })
            (await person.PostAsync("invitations/accept", new { token = (await InviteAsync(owner, $"datasets/{dataset}", person.Email, role)).Token })).Expect(200);

        (await viewer.GetAsync($"datasets/{dataset}")).Expect(200);
        (await viewer.GetAsync($"datasets/{dataset}/images")).Expect(200);
        (await viewer.GetAsync($"datasets/{other}")).Expect(404, "NOT_FOUND");
        (await viewer.GetAsync($"projects/{project}")).Expect(404, "NOT_FOUND");
        Assert.Equal("datasets:write", (await viewer.PostAsync($"datasets/{dataset}/uploads", new { files = new[] { new { path = "a.png", size = 70 } } })).Expect(403, "FORBIDDEN").Text("permission"));
        (await admin.PostAsync($"datasets/{dataset}/uploads", new { files = new[] { new { path = "a.png", size = 70 } } })).Expect(200);
        (await admin.DeleteAsync($"datasets/{dataset}")).Expect(403, "FORBIDDEN");
        Assert.Equal("datasets:share", (await viewer.PostAsync($"datasets/{dataset}/invitations", new { email = NewAddress(), role = "viewer" })).Expect(403, "FORBIDDEN").Text("permission"));
        (await admin.PostAsync($"datasets/{dataset}/invitations", new { email = NewAddress(), role = "viewer" })).Expect(201);

        Assert.Equal(dataset, Assert.Single((await viewer.GetAsync("datasets/shared")).Expect(200).Items).GetProperty("id").GetGuid());
        Assert.Equal(2, (await owner.GetAsync($"datasets/{dataset}/members")).Expect(200).Items.Count);
        Assert.Equal("reviewer", (await owner.PutAsync($"datasets/{dataset}/members/{viewer.UserId}", new { role = "reviewer" })).Expect(200).Text("role"));
        (await owner.PutAsync($"datasets/{dataset}/members/{viewer.UserId}", new { role = "owner" })).Expect(422, "VALIDATION_FAILED");
        (await owner.DeleteAsync($"datasets/{dataset}/members/{viewer.UserId}")).Expect(204);
        (await viewer.GetAsync($"datasets/{dataset}")).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task A_person_without_an_account_signs_up_with_the_token_and_joins_with_the_invited_role()
    {
        using var manager = await Host.NewUserAsync(SystemRole.Manager);
        var organization = await NewOrganizationAsync(manager);
        var address = NewAddress();
        var (_, token) = await InviteAsync(manager, $"organizations/{organization}", address, "advanced_engineer");
        using var invited = Host.App.NewClient();

        (await invited.PostAsync("invitations/sign-up", new { token, password = "password1234" })).Expect(422, "WEAK_PASSWORD");
        invited.Use((await invited.PostAsync("invitations/sign-up", new { token, password = ApiClient.Password, fullName = "Kim Berg" })).Expect(201));

        Assert.Equal(address, invited.Email);
        Assert.Equal("advanced_engineer", (await invited.GetAsync("auth/me")).Expect(200).Text("role"));
        (await invited.GetAsync($"organizations/{organization}")).Expect(200);
        (await invited.PostAsync("invitations/sign-up", new { token, password = ApiClient.Password })).Expect(409, "INVALID_STATE");
    }

    [Fact]
    public async Task Signing_up_with_the_token_is_refused_for_an_address_that_has_an_account()
    {
        using var owner = await Host.NewUserAsync();
        using var invited = await Host.NewUserAsync();
        var (_, token) = await InviteAsync(owner, $"projects/{await owner.NewProjectAsync()}", invited.Email, "viewer");
        using var stranger = Host.App.NewClient();

        (await stranger.PostAsync("invitations/sign-up", new { token, password = ApiClient.Password })).Expect(409, "EMAIL_TAKEN");
        (await invited.PostAsync("invitations/accept", new { token })).Expect(200);
    }

    [Fact]
    public async Task An_invitation_never_lowers_a_role_and_never_moves_a_person_out_of_an_organization()
    {
        using var manager = await Host.NewUserAsync(SystemRole.Manager);
        using var advanced = await Host.NewUserAsync(SystemRole.AdvancedEngineer);
        using var elsewhere = await Host.NewUserAsync();
        await NewOrganizationAsync(elsewhere);
        var organization = await NewOrganizationAsync(manager);

        (await advanced.PostAsync("invitations/accept", new { token = (await InviteAsync(manager, $"organizations/{organization}", advanced.Email, "guest")).Token })).Expect(200);
        Assert.Equal("advanced_engineer", (await advanced.GetAsync("auth/me")).Text("role"));
        (await elsewhere.PostAsync("invitations/accept", new { token = (await InviteAsync(manager, $"organizations/{organization}", elsewhere.Email, "guest")).Token })).Expect(409, "OTHER_ORGANIZATION");
    }

    [Fact]
    public async Task A_declined_cancelled_or_expired_invitation_cannot_be_accepted()
    {
        using var owner = await Host.NewUserAsync();
        using var invited = await Host.NewUserAsync();
        using var stranger = Host.App.NewClient();
        var project = await owner.NewProjectAsync();

        var declined = await InviteAsync(owner, $"projects/{project}", invited.Email, "member");
        (await owner.PostAsync($"projects/{project}/invitations", new { email = invited.Email, role = "viewer" })).Expect(409, "ALREADY_INVITED");
        (await stranger.PostAsync("invitations/decline", new { token = declined.Token })).Expect(204);
        (await invited.PostAsync("invitations/accept", new { token = declined.Token })).Expect(409, "INVALID_STATE");

        var cancelled = await InviteAsync(owner, $"projects/{project}", invited.Email, "member");
        (await owner.DeleteAsync($"invitations/{cancelled.Id}")).Expect(204);
        (await invited.PostAsync("invitations/accept", new { token = cancelled.Token })).Expect(409, "INVALID_STATE");

        var over = await InviteAsync(owner, $"projects/{project}", invited.Email, "member");
        await using var database = Host.App.Databases.OpenUsers();
        await database.Database.ExecuteSqlAsync($"UPDATE invitations SET expires_at = now() - interval '1 second', sent_at = now() - interval '1 hour' WHERE id = {over.Id}", TestContext.Current.CancellationToken);
        (await invited.PostAsync("invitations/accept", new { token = over.Token })).Expect(410, "INVITATION_EXPIRED");
        await Host.FireTimerAsync("RemoveExpired");
        await Waiting.UntilAsync(async () => (await owner.GetAsync($"invitations/{over.Id}")).Text("state") == "expired", "the invitation expired");

        // Resending an expired invitation makes it pending again, with a new link.
        await Host.ForgetMailsAsync(invited.Email, project);
        (await owner.PostAsync($"invitations/{over.Id}/resend")).Expect(200);
        (await owner.PostAsync($"invitations/{over.Id}/resend")).Expect(429, "TOO_MANY_ATTEMPTS");
        (await invited.PostAsync("invitations/accept", new { token = over.Token })).Expect(404, "INVITATION_INVALID");
        var again = over.Token;
        await Waiting.UntilAsync(() => (again = MailFolder.TokenIn(Host.Mails.WaitAsync(invited.Email, "as member").Result)) != over.Token, "the second mail");
        (await invited.PostAsync("invitations/accept", new { token = again })).Expect(200);
    }

    [Fact]
    public async Task An_invitation_is_invalid_when_its_inviter_may_no_longer_give_the_role()
    {
        using var owner = await Host.NewUserAsync();
        using var admin = await Host.NewUserAsync();
        using var invited = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        await PlatformHost.JoinAsync(Host.App.Databases, project, admin.UserId, ProjectRole.Admin);
        var (_, token) = await InviteAsync(admin, $"projects/{project}", invited.Email, "admin");

        (await owner.DeleteAsync($"projects/{project}/members/{admin.UserId}")).Expect(204);

        (await invited.PostAsync("invitations/accept", new { token })).Expect(404, "INVITATION_INVALID");
        (await invited.GetAsync($"projects/{project}")).Expect(404);
    }

    [Fact]
    public async Task Simultaneous_acceptances_do_not_exceed_the_limit_of_people()
    {
        using var manager = await Host.NewUserAsync(SystemRole.Manager);
        var organization = await NewOrganizationAsync(manager, 4);
        var people = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Host.NewUserAsync()));
        var tokens = new List<string>();
        foreach (var person in people)
            tokens.Add((await InviteAsync(manager, $"organizations/{organization}", person.Email, "guest")).Token);
        Assert.Equal("users", (await manager.PostAsync($"organizations/{organization}/invitations", new { email = NewAddress(), role = "guest" })).Expect(403, "QUOTA_EXCEEDED").Body.GetProperty("quota").GetProperty("kind").GetString());
        (await Host.Admin.PutAsync($"organizations/{organization}", new { name = $"Smaller {organization:n}", maxUsers = 2 })).Expect(200);

        var answers = await Task.WhenAll(people.Zip(tokens, (person, token) => person.PostAsync("invitations/accept", new { token })));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => answer.Expect(403, "QUOTA_EXCEEDED"));
        foreach (var person in people)
            person.Dispose();
    }

    [Fact]
    public async Task Simultaneous_acceptances_of_one_invitation_succeed_once_and_a_guest_cannot_invite()
    {
        using var owner = await Host.NewUserAsync();
        using var invited = await Host.NewUserAsync();
        using var guest = await Host.NewUserAsync(SystemRole.Guest);
        var (_, token) = await InviteAsync(owner, $"projects/{await owner.NewProjectAsync()}", invited.Email, "member");

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => invited.PostAsync("invitations/accept", new { token })));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => answer.Expect(409, "INVALID_STATE"));
        (await guest.PostAsync($"projects/{await guest.NewProjectAsync()}/invitations", new { email = NewAddress(), role = "viewer" })).Expect(403, "FORBIDDEN");
    }

    private static string NewAddress() => $"invited.{Guid.CreateVersion7():n}@platform.test";

    private async Task<(Guid Id, string Token)> InviteAsync(ApiClient inviter, string target, string email, string role)
    {
        await Host.ForgetMailsAsync(email, Guid.Parse(target.Split('/')[1]));
        var before = Host.Mails.FilesTo(email).Count;
        var sent = (await inviter.PostAsync($"{target}/invitations", new { email, role })).Expect(201);
        await Waiting.UntilAsync(() => Host.Mails.FilesTo(email).Count > before, "the mail of the invitation");
        return (sent.Id, MailFolder.TokenIn(await Host.Mails.WaitAsync(email, $"as {role.Replace('_', ' ')}")));
    }

    private async Task<Guid> NewOrganizationAsync(ApiClient member, int? maxUsers = null)
    {
        var id = (await Host.Admin.PostAsync("organizations", new { name = $"Organization {Guid.CreateVersion7():n}", maxUsers })).Expect(201).Id;
        (await Host.Admin.PutAsync($"organizations/{id}/members/{member.UserId}")).Expect(200);
        return id;
    }
}
