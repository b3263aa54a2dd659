using System.Net;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Images;
using VisionPlatform.Platform.Tests.Datasets;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Projects;

namespace VisionPlatform.Platform.Tests.Permissions;

/// <summary>Holes of systems like this one that stay closed; each test is named after the promise.</summary>
public sealed class PromiseTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Nobody_reports_for_a_job_reads_or_starts_it_without_a_token_of_their_own()
    {
        using var owner = await Host.NewUserAsync();
        var job = (await PendingJobs.AddAsync(Host.App.Databases, await owner.NewProjectAsync(), owner.UserId, 1))[0];
        using var stranger = Host.App.NewClient();

        foreach (var path in new[] { $"training/jobs/{job}", $"training/jobs/{job}/logs", $"training/jobs/{job}/metrics", $"training/jobs/{job}/checkpoints" })
            (await stranger.GetAsync(path)).Expect(401, "UNAUTHENTICATED");
        foreach (var action in new[] { "start", "cancel", "restart" })
            (await stranger.PostAsync($"training/jobs/{job}/{action}")).Expect(401, "UNAUTHENTICATED");
        var attempt = Guid.CreateVersion7();
        foreach (var path in new[] { "events", "uploads", "uploads/complete" })
        {
            (await stranger.PostAsync($"trainer/attempts/{attempt}/{path}", new { })).Expect(401, "INVALID_ATTEMPT_TOKEN");
            (await owner.PostAsync($"trainer/attempts/{attempt}/{path}", new { })).Expect(401, "INVALID_ATTEMPT_TOKEN");
        }
    }

    [Fact]
    public async Task A_stream_of_events_asks_who_is_reading_before_the_first_byte()
    {
        using var owner = await Host.NewUserAsync();
        using var stranger = Host.App.NewClient();
        using var other = await Host.NewUserAsync();
        var job = (await PendingJobs.AddAsync(Host.App.Databases, await owner.NewProjectAsync(), owner.UserId, 1))[0];

        foreach (var (who, status) in new[] { (stranger, 401), (other, 404) })
        {
            who.Http.DefaultRequestHeaders.Accept.ParseAdd("text/event-stream");
            var refused = (await who.GetAsync($"training/jobs/{job}/events")).Expect(status);
            Assert.Equal("application/problem+json", refused.ContentHeaders.ContentType!.MediaType);
        }
    }

    [Fact]
    public async Task The_key_of_a_deployment_is_stored_as_a_hash_and_answered_by_no_read()
    {
        using var owner = await Host.NewUserAsync();
        using var other = await Host.NewUserAsync();
        var organization = (await Host.Admin.PostAsync("organizations", new { name = $"Keys {Guid.CreateVersion7():n}" })).Expect(201).Id;
        var world = await MatrixWorld.NewAsync(Host.App.Databases, owner.UserId, ProjectRole.Owner, organization, owner.UserId);
        var (project, deployment) = (world.Ids[Api.Http.Examples.Project], world.Ids[Api.Http.Examples.Deployment]);

        foreach (var path in new[] { $"deployments/{deployment}", $"deployments?projectId={project}" })
        {
            Assert.DoesNotContain("vpd_", (await owner.GetAsync(path)).Expect(200).RawText, StringComparison.Ordinal);
            (await other.GetAsync(path)).Expect(404, "NOT_FOUND");
        }
        await using var database = Host.App.Databases.OpenPlatform();
        Assert.Equal(32, (await database.Deployments.SingleAsync(row => row.Id == deployment, TestContext.Current.CancellationToken)).ApiKeyHash.Length);
        using var stranger = Host.App.NewClient();
        (await stranger.PostAsync($"/api/v1/infer/{deployment}", new { images = Array.Empty<string>() })).Expect(401);
    }

    [Fact]
    public async Task Lists_give_only_what_is_ones_own_to_see_and_no_job_is_made_in_a_project_of_others()
    {
        using var owner = await Host.NewUserAsync();
        using var other = await Host.NewUserAsync();
        var organization = (await Host.Admin.PostAsync("organizations", new { name = $"Lists {Guid.CreateVersion7():n}" })).Expect(201).Id;
        var world = await MatrixWorld.NewAsync(Host.App.Databases, owner.UserId, ProjectRole.Owner, organization, owner.UserId);
        var (project, version) = (world.Ids[Api.Http.Examples.Project], world.Ids[Api.Http.Examples.DatasetVersion]);
        var own = await other.NewProjectAsync();

        Assert.Equal(own, Assert.Single((await other.GetAsync("projects")).Expect(200).Items).GetProperty("id").GetGuid());
        foreach (var list in new[] { "datasets", "training/jobs", "models", "deployments" })
            (await other.GetAsync($"{list}?projectId={project}")).Expect(404, "NOT_FOUND");
        (await other.GetAsync($"exports?modelVersionId={world.Ids[Api.Http.Examples.ModelVersion]}")).Expect(404, "NOT_FOUND");
        (await other.PostAsync("training/jobs", new { projectId = project, datasetVersionId = version, framework = "none", model = "none" })).Expect(404, "NOT_FOUND");
        // Nor with data of others in a project of one's own.
        (await other.PostAsync("training/jobs", new { projectId = own, datasetVersionId = version, framework = "none", model = "none" })).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task A_role_in_a_project_is_of_the_vocabulary_of_projects_and_never_becomes_a_system_role()
    {
        using var owner = await Host.NewUserAsync();
        using var invited = await Host.NewUserAsync(SystemRole.Guest);
        var project = await owner.NewProjectAsync();
        foreach (var role in new[] { "owner", "manager", "advanced_engineer", "superuser" })
            (await owner.PostAsync($"projects/{project}/invitations", new { email = invited.Email, role })).Expect(422, "VALIDATION_FAILED");

        (await owner.PostAsync($"projects/{project}/invitations", new { email = invited.Email, role = "admin" })).Expect(201);
        (await invited.PostAsync("invitations/accept", new { token = MailFolder.TokenIn(await Host.Mails.WaitAsync(invited.Email, "as admin")) })).Expect(200);

        Assert.Equal("guest", (await invited.GetAsync("auth/me")).Text("role"));
        (await invited.GetAsync("admin/users")).Expect(403, "FORBIDDEN");
    }

    [Fact]
    public async Task A_manager_cannot_take_over_an_administrator_by_role_or_address()
    {
        using var manager = await Host.NewUserAsync(SystemRole.Manager);
        var admin = await Host.AddUserAsync(Host.App.Databases, SystemRole.Admin);

        (await manager.PutAsync($"admin/users/{admin.Id}/role", new { role = "guest" })).Expect(404, "NOT_FOUND");
        (await manager.PutAsync($"admin/users/{admin.Id}", new { email = "mine@example.org", fullName = "Mine" })).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task Knowing_an_address_opens_no_account_and_accepts_no_invitation()
    {
        using var owner = await Host.NewUserAsync();
        using var invited = await Host.NewUserAsync();
        var sent = (await owner.PostAsync($"projects/{await owner.NewProjectAsync()}/invitations", new { email = invited.Email, role = "viewer" })).Expect(201);
        using var stranger = Host.App.NewClient();

        // The id is no token, and an address that has an account gets no second one.
        (await invited.PostAsync("invitations/accept", new { token = sent.Id.ToString() })).Expect(404, "INVITATION_INVALID");
        (await stranger.PostAsync("invitations/sign-up", new { token = MailFolder.TokenIn(await Host.Mails.WaitAsync(invited.Email, "as viewer")), password = ApiClient.Password })).Expect(409, "EMAIL_TAKEN");
    }

    [Theory]
    [InlineData("account")]
    [InlineData("trainer")]
    [InlineData("labeler")]
    public async Task A_token_of_another_audience_opens_nothing(string audience)
    {
        using var person = await Host.NewUserAsync();
        var token = new SignedToken(PlatformHost.JwtSecret, TimeProvider.System).Sign(new TokenClaims { Audience = audience, Subject = person.UserId.ToString(), ExpiresAt = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds() });

        (await person.WithToken(token).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task A_dataset_of_others_shows_neither_its_record_nor_images_nor_versions()
    {
        using var owner = await Host.NewUserAsync();
        using var other = await Host.NewUserAsync(SystemRole.Manager);
        var dataset = await owner.NewDatasetAsync();
        var image = (await owner.UploadAsync(dataset, DatasetClient.Files(1)))[0].GetProperty("id").GetGuid();

        foreach (var path in new[] { "", "/images", "/versions", "/members" })
            (await other.GetAsync($"datasets/{dataset}{path}")).Expect(404, "NOT_FOUND");
        (await other.DeleteAsync($"datasets/{dataset}/images/{image}")).Expect(404, "NOT_FOUND");
        (await other.DeleteAsync($"datasets/{dataset}")).Expect(404, "NOT_FOUND");
        (await other.PostAsync($"datasets/{dataset}/versions", new { })).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task The_role_that_counts_is_the_one_in_the_project_of_the_thing_whatever_project_is_named()
    {
        using var person = await Host.NewUserAsync();
        using var owner = await Host.NewUserAsync();
        var own = await person.NewProjectAsync();
        var organization = (await Host.Admin.PostAsync("organizations", new { name = $"Named {Guid.CreateVersion7():n}" })).Expect(201).Id;
        var world = await MatrixWorld.NewAsync(Host.App.Databases, person.UserId, ProjectRole.Viewer, organization, owner.UserId);

        foreach (var query in new[] { $"projectId={own}", $"project_id={own}" })
        {
            (await person.DeleteAsync($"datasets/{world.Ids[Api.Http.Examples.Dataset]}?{query}")).Expect(403, "FORBIDDEN");
            (await person.DeleteAsync($"deployments/{world.Ids[Api.Http.Examples.Deployment]}?{query}")).Expect(403, "FORBIDDEN");
        }
        // The version is of a project where they are a viewer; the project named is their own.
        (await person.PostAsync("training/jobs", new { projectId = own, datasetVersionId = world.Ids[Api.Http.Examples.DatasetVersion], framework = "none", model = "none" })).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task Requests_beyond_the_rate_are_refused_and_what_people_change_is_in_the_audit_log()
    {
        await using var app = await Host.StartAppAsync(settings: new Dictionary<string, string?> { ["RATE_LIMIT_SIGN_IN"] = "3" });
        using var stranger = app.NewClient();
        var answers = new List<ApiAnswer>();
        for (var i = 0; i < 6; i++)
            answers.Add(await stranger.SignInAsync($"nobody{i}@example.org"));
        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.TooManyRequests && answer.Headers.RetryAfter is not null);

        using var owner = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        (await owner.DeleteAsync($"projects/{project}")).Expect(204);
        await Waiting.UntilAsync(async () => (await Host.Admin.GetAsync($"admin/audit?actorId={owner.UserId}&action=project.delete&subjectId={project}")).Items.Count == 1, "the deletion is in the log");
    }

    [Fact]
    public async Task A_guest_keeps_to_one_project_one_dataset_no_invitations_no_exports_and_no_deployments()
    {
        using var guest = await Host.NewUserAsync(SystemRole.Guest);
        var organization = (await Host.Admin.PostAsync("organizations", new { name = $"Guests {Guid.CreateVersion7():n}" })).Expect(201).Id;
        var world = await MatrixWorld.NewAsync(Host.App.Databases, guest.UserId, ProjectRole.Owner, organization, guest.UserId);
        var project = world.Ids[Api.Http.Examples.Project];

        (await guest.PostAsync("projects", new { name = "Second" })).Expect(403, "QUOTA_EXCEEDED");
        (await guest.PostAsync("datasets", new { projectId = project, name = "Second", taskType = "image_classification" })).Expect(403, "QUOTA_EXCEEDED");
        (await guest.PostAsync($"projects/{project}/invitations", new { email = "a@example.org", role = "viewer" })).Expect(403, "FORBIDDEN");
        (await guest.PostAsync($"datasets/{world.Ids[Api.Http.Examples.Dataset]}/invitations", new { email = "a@example.org", role = "viewer" })).Expect(403, "FORBIDDEN");
        (await guest.PostAsync("exports", new { modelVersionId = world.Ids[Api.Http.Examples.ModelVersion], formats = new[] { "onnx" } })).Expect(403, "FORBIDDEN");
        (await guest.PostAsync("deployments", new { exportId = world.Ids[Api.Http.Examples.Export], name = "Line 1" })).Expect(403, "FORBIDDEN");
    }
}
