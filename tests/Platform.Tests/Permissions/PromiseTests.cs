using System.Net;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Images;
using VisionPlatform.Platform.Tests.Datasets;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Projects;

namespace VisionPlatform.Platform.Tests.Permissions;

/// <summary>Security promises of the product: each test is named after one.</summary>
public sealed class PromiseTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Reporting_reading_and_starting_jobs_needs_a_valid_token()
    {
        using var owner = await Host.NewUserAsync();
        var job = (await PendingJobs.AddAsync(Host.App.Databases, await owner.NewProjectAsync(), owner.UserId, 1))[0];
        using var stranger = Host.App.NewClient();

        foreach (var path in new[] { $"training/jobs/{job}", $"training/jobs/{job}/logs", $"training/jobs/{job}/metrics", $"training/jobs/{job}/checkpoints" })
            (await stranger.GetAsync(path)).Expect(401, "UNAUTHENTICATED");
        foreach (var action in new[] { "start", "cancel", "restart" })
            (await stranger.PostAsync($"training/jobs/{job}/{action}")).Expect(401, "UNAUTHENTICATED");
        var attempt = Guid.CreateVersion7();
        foreach (var path in new[] { "events", "images", "uploads", "uploads/complete" })
        {
            (await stranger.PostAsync($"trainer/attempts/{attempt}/{path}", new { })).Expect(401, "INVALID_ATTEMPT_TOKEN");
            (await owner.PostAsync($"trainer/attempts/{attempt}/{path}", new { })).Expect(401, "INVALID_ATTEMPT_TOKEN");
        }
    }

    [Fact]
    public async Task An_event_stream_checks_the_caller_before_the_first_byte()
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
    public async Task The_key_of_a_deployment_is_stored_as_a_hash_and_never_returned_again()
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
    public async Task Lists_contain_only_visible_rows_and_jobs_cannot_be_created_in_projects_of_others()
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
        // A job in an own project cannot use data of others either.
        (await other.PostAsync("training/jobs", new { projectId = own, datasetVersionId = version, framework = "none", model = "none" })).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task A_project_role_never_becomes_a_system_role()
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
    public async Task A_manager_cannot_change_the_role_or_address_of_an_administrator()
    {
        using var manager = await Host.NewUserAsync(SystemRole.Manager);
        var admin = await Host.AddUserAsync(Host.App.Databases, SystemRole.Admin);

        (await manager.PutAsync($"admin/users/{admin.Id}/role", new { role = "guest" })).Expect(404, "NOT_FOUND");
        (await manager.PutAsync($"admin/users/{admin.Id}", new { email = "mine@example.org", fullName = "Mine" })).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task Knowing_an_address_is_not_enough_to_sign_in_or_accept_an_invitation()
    {
        using var owner = await Host.NewUserAsync();
        using var invited = await Host.NewUserAsync();
        var sent = (await owner.PostAsync($"projects/{await owner.NewProjectAsync()}/invitations", new { email = invited.Email, role = "viewer" })).Expect(201);
        using var stranger = Host.App.NewClient();

        // The id of an invitation is not its token, and an address with an account cannot sign up again.
        (await invited.PostAsync("invitations/accept", new { token = sent.Id.ToString() })).Expect(404, "INVITATION_INVALID");
        (await stranger.PostAsync("invitations/sign-up", new { token = MailFolder.TokenIn(await Host.Mails.WaitAsync(invited.Email, "as viewer")), password = ApiClient.Password })).Expect(409, "EMAIL_TAKEN");
    }

    [Theory]
    [InlineData("account")]
    [InlineData("trainer")]
    [InlineData("labeler")]
    public async Task A_token_for_another_audience_is_refused(string audience)
    {
        using var person = await Host.NewUserAsync();
        var token = new SignedToken(PlatformHost.JwtSecret, TimeProvider.System).Sign(new TokenClaims { Audience = audience, Subject = person.UserId.ToString(), ExpiresAt = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds() });

        (await person.WithToken(token).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task Datasets_of_others_with_their_images_and_versions_are_hidden()
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
    public async Task The_role_in_the_project_of_the_resource_counts_and_not_the_one_in_the_request()
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
        // The caller is a viewer in the project of the version, and the request names the caller's own project.
        (await person.PostAsync("training/jobs", new { projectId = own, datasetVersionId = world.Ids[Api.Http.Examples.DatasetVersion], framework = "none", model = "none" })).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task Requests_above_the_rate_limit_are_refused_and_changes_are_in_the_audit_log()
    {
        await using var app = await Host.StartAppAsync(settings: new Dictionary<string, string?> { ["RATE_LIMIT_SIGN_IN"] = "1" });
        using var stranger = app.NewClient();
        var answers = new List<ApiAnswer>();
        for (var i = 0; i < 3; i++)
            answers.Add(await stranger.SignInAsync($"nobody{i}@example.org"));
        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.TooManyRequests && answer.Headers.RetryAfter is not null);

        using var owner = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        (await owner.DeleteAsync($"projects/{project}")).Expect(204);
        await Waiting.UntilAsync(async () => (await Host.Admin.GetAsync($"admin/audit?actorId={owner.UserId}&action=project.delete&subjectId={project}")).Items.Count == 1, "the deletion is in the log");
    }

    [Fact]
    public async Task A_guest_has_one_project_and_one_dataset_and_cannot_invite_export_or_deploy()
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
