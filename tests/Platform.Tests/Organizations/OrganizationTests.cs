using System.Net;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Datasets;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Projects;

namespace VisionPlatform.Platform.Tests.Organizations;

public sealed class OrganizationTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task An_organization_can_be_created_read_changed_and_deleted_when_it_is_empty()
    {
        using var person = await Host.NewUserAsync();
        var made = (await Host.Admin.PostAsync("organizations", new { name = NewName(), company = "Steel Ltd", maxUsers = 5 })).Expect(201);
        Assert.Equal(5, made.Body.GetProperty("maxUsers").GetInt32());
        (await Host.Admin.PutAsync($"organizations/{made.Id}/members/{person.UserId}")).Expect(200);

        Assert.Equal("Steel Ltd", (await person.GetAsync($"organizations/{made.Id}")).Expect(200).Text("company"));
        Assert.Equal(made.Id, Assert.Single((await person.GetAsync("organizations")).Expect(200).Items).GetProperty("id").GetGuid());
        Assert.Equal(person.Email, Assert.Single((await person.GetAsync($"organizations/{made.Id}/members?search={person.Email[..20].ToUpperInvariant()}")).Items).GetProperty("email").GetString());

        var renamed = NewName();
        Assert.Equal(renamed, (await Host.Admin.PutAsync($"organizations/{made.Id}", new { name = renamed })).Expect(200).Text("name"));
        (await Host.Admin.DeleteAsync($"organizations/{made.Id}")).Expect(409, "ORGANIZATION_NOT_EMPTY");
        (await Host.Admin.DeleteAsync($"organizations/{made.Id}/members/{person.UserId}")).Expect(204);
        (await Host.Admin.DeleteAsync($"organizations/{made.Id}")).Expect(204);
        (await Host.Admin.GetAsync($"organizations/{made.Id}")).Expect(404);
    }

    [Fact]
    public async Task Names_of_organizations_are_unique_regardless_of_case()
    {
        var name = NewName();
        (await Host.Admin.PostAsync("organizations", new { name })).Expect(201);
        Assert.NotEmpty((await Host.Admin.PostAsync("organizations", new { name = name.ToUpperInvariant() })).Expect(409, "DUPLICATE_NAME").ErrorsOf("name"));
        (await Host.Admin.PostAsync("organizations", new { name = NewName(), maxUsers = -1 })).Expect(422, "VALIDATION_FAILED");
    }

    [Fact]
    public async Task Other_organizations_are_hidden_and_a_manager_sees_the_usage_of_the_own_one()
    {
        var (own, manager) = await NewOrganizationAsync(SystemRole.Manager, new { name = NewName(), maxUsers = 3 });
        var (other, stranger) = await NewOrganizationAsync(SystemRole.Manager, new { name = NewName() });
        using var _ = manager;
        using var __ = stranger;

        foreach (var path in new[] { "", "/members", "/usage" })
        {
            (await stranger.GetAsync($"organizations/{own}{path}")).Expect(404, "NOT_FOUND");
            (await manager.GetAsync($"organizations/{own}{path}")).Expect(200);
            (await Host.Admin.GetAsync($"organizations/{other}{path}")).Expect(200);
        }
        Assert.Equal("organizations:write", (await manager.PutAsync($"organizations/{own}", new { name = "Mine" })).Expect(403, "FORBIDDEN").Text("permission"));

        var users = (await manager.GetAsync($"organizations/{own}/usage")).Body.GetProperty("limits").EnumerateArray().Single(limit => limit.GetProperty("kind").GetString() == "users");
        Assert.Equal((3, 1), (users.GetProperty("limit").GetInt32(), users.GetProperty("used").GetInt32()));
    }

    [Fact]
    public async Task The_limit_of_people_holds_when_two_are_added_at_the_same_time()
    {
        var id = (await Host.Admin.PostAsync("organizations", new { name = NewName(), maxUsers = 2 })).Expect(201).Id;
        var people = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Host.AddUserAsync(Host.App.Databases)));

        var answers = await Task.WhenAll(people.Select(person => Host.Admin.PutAsync($"organizations/{id}/members/{person.Id}")));

        Assert.Equal(2, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        foreach (var refused in answers.Where(answer => answer.Status != HttpStatusCode.OK))
        {
            var quota = refused.Expect(403, "QUOTA_EXCEEDED").Body.GetProperty("quota");
            Assert.Equal(("users", "organization", 2, 2), (
                quota.GetProperty("kind").GetString(), quota.GetProperty("scope").GetString(), quota.GetProperty("limit").GetInt32(), quota.GetProperty("used").GetInt32()));
        }
    }

    [Fact]
    public async Task A_person_of_one_organization_cannot_be_added_to_another()
    {
        var (_, person) = await NewOrganizationAsync(SystemRole.Guest, new { name = NewName() });
        using var __ = person;
        var other = (await Host.Admin.PostAsync("organizations", new { name = NewName() })).Expect(201).Id;

        (await Host.Admin.PutAsync($"organizations/{other}/members/{person.UserId}")).Expect(409, "OTHER_ORGANIZATION");
    }

    [Fact]
    public async Task The_storage_limit_of_an_organization_holds_for_simultaneous_announcements_of_several_people()
    {
        const int Image = 50_000_000;
        var (organization, first) = await NewOrganizationAsync(SystemRole.StandardEngineer, new { name = NewName(), maxStorageGb = 1 });
        using var second = await Host.NewUserAsync();
        (await Host.Admin.PutAsync($"organizations/{organization}/members/{second.UserId}")).Expect(200);
        using var _ = first;
        var datasets = new Dictionary<ApiClient, Guid> { [first] = await first.NewDatasetAsync(), [second] = await second.NewDatasetAsync() };

        // Each batch has 0.4 GB, so two of four fit.
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(batch =>
        {
            var who = batch % 2 == 0 ? first : second;
            return who.PostAsync($"datasets/{datasets[who]}/uploads", new { files = Enumerable.Range(0, 8).Select(i => new { path = $"{batch}/{i}.png", size = Image }) });
        }));

        Assert.Equal(2, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        foreach (var refused in answers.Where(answer => answer.Status != HttpStatusCode.OK))
            Assert.Equal("storage_gb", refused.Expect(403, "QUOTA_EXCEEDED").Body.GetProperty("quota").GetProperty("kind").GetString());
        // Announcing the same files again uses no more storage.
        var again = Array.FindIndex(answers, answer => answer.Status == HttpStatusCode.OK);
        var again2 = again % 2 == 0 ? first : second;
        (await again2.PostAsync($"datasets/{datasets[again2]}/uploads", new { files = Enumerable.Range(0, 8).Select(i => new { path = $"{again}/{i}.png", size = Image }) })).Expect(200);
    }

    [Fact]
    public async Task Simultaneous_small_and_large_announcements_stay_within_the_limit_and_do_not_block_each_other()
    {
        const long Limit = 10_000_000_000; // Limit of a guest. Announcements below a thousandth of it do not wait while half of it is free.
        const int Image = 50_000_000, Small = 1_000_000;
        using var guest = await Host.NewUserAsync(SystemRole.Guest);
        var dataset = await guest.NewDatasetAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(batch => guest.PostAsync($"datasets/{dataset}/uploads", new
        {
            files = Enumerable.Range(0, batch % 2 == 0 ? 20 : 1).Select(i => new { path = $"{batch}/{i}.png", size = batch % 2 == 0 ? Image : Small }),
        })));

        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => answer.Expect(403, "QUOTA_EXCEEDED"));
        await using var database = Host.App.Databases.OpenPlatform();
        var announced = await database.DatasetUploads.Where(upload => upload.DatasetId == dataset).SumAsync(upload => upload.Size);
        // What is left is smaller than one large batch.
        Assert.InRange(announced, Limit - (20L * Image) + 1, Limit);
    }

    [Fact]
    public async Task Deleting_images_and_datasets_frees_their_storage()
    {
        using var owner = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        var dataset = await owner.NewDatasetAsync(project);
        var images = await owner.UploadAsync(dataset, DatasetClient.Files(2));
        await using var database = Host.App.Databases.OpenPlatform();
        var size = await database.DatasetImages.Where(image => image.DatasetId == dataset).SumAsync(image => image.Size);

        Assert.Equal((size, 2), await UsageAsync());
        (await owner.DeleteAsync($"datasets/{dataset}/images/{images[0].GetProperty("id").GetGuid()}")).Expect(204);
        Assert.Equal((size - images[0].GetProperty("size").GetInt64(), 1), await UsageAsync());
        Assert.True(await UsedAsync(owner, "storage_gb") > 0);
        (await owner.DeleteAsync($"datasets/{dataset}")).Expect(204);
        await Waiting.UntilAsync(async () => await UsedAsync(owner, "storage_gb") == 0, "the images are removed and free their storage");

        async Task<(long, long)> UsageAsync()
        {
            var usage = await database.DatasetUsage.AsNoTracking().SingleAsync(row => row.DatasetId == dataset && row.UserId == owner.UserId);
            return (usage.Bytes, usage.Images);
        }
    }

    [Fact]
    public async Task Simultaneous_starts_do_not_exceed_the_job_limit_of_the_role()
    {
        using var owner = await Host.NewUserAsync();
        var jobs = await PendingJobs.AddAsync(Host.App.Databases, await owner.NewProjectAsync(), owner.UserId, 6);

        var answers = await Task.WhenAll(jobs.Select(job => owner.PostAsync($"training/jobs/{job}/start")));

        Assert.Equal(3, answers.Count(answer => answer.Status == HttpStatusCode.Accepted));
        foreach (var refused in answers.Where(answer => answer.Status != HttpStatusCode.Accepted))
        {
            var quota = refused.Expect(403, "QUOTA_EXCEEDED").Body.GetProperty("quota");
            Assert.Equal(("concurrent_jobs", "account", 3, 3), (
                quota.GetProperty("kind").GetString(), quota.GetProperty("scope").GetString(), quota.GetProperty("limit").GetInt32(), quota.GetProperty("used").GetInt32()));
        }
    }

    [Fact]
    public async Task Training_hours_of_the_month_count_attempts_and_stop_new_jobs_of_the_whole_organization()
    {
        var (_, person) = await NewOrganizationAsync(SystemRole.StandardEngineer, new { name = NewName(), maxGpuHoursPerMonth = 2 });
        using var __ = person;
        var jobs = await PendingJobs.AddAsync(Host.App.Databases, await person.NewProjectAsync(), person.UserId, 2);
        var now = DateTimeOffset.UtcNow;
        var month = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        // An attempt of three hours that ended two hours into this month counts two hours.
        await PendingJobs.FinishAsync(Host.App.Databases, jobs[0], month.AddHours(-1), month.AddHours(2));
        Assert.InRange(await UsedAsync(person, "gpu_hours_per_month"), Math.Min(2, (now - month).TotalHours) - 0.01, 2.01);
        if (now < month.AddHours(2))
            return; // In the first hours of a month the attempt has not ended yet.

        var quota = (await person.PostAsync($"training/jobs/{jobs[1]}/start")).Expect(403, "QUOTA_EXCEEDED").Body.GetProperty("quota");
        Assert.Equal(("gpu_hours_per_month", "organization"), (quota.GetProperty("kind").GetString(), quota.GetProperty("scope").GetString()));
    }

    private static string NewName() => $"Organization {Guid.CreateVersion7():n}";

    private static async Task<double> UsedAsync(ApiClient client, string kind) =>
        (await client.GetAsync("auth/usage")).Expect(200).Body.GetProperty("limits").EnumerateArray().Single(limit => limit.GetProperty("kind").GetString() == kind).GetProperty("used").GetDouble();

    private async Task<(Guid Id, ApiClient Person)> NewOrganizationAsync(SystemRole role, object body)
    {
        var id = (await Host.Admin.PostAsync("organizations", body)).Expect(201).Id;
        var person = await Host.NewUserAsync(role);
        (await Host.Admin.PutAsync($"organizations/{id}/members/{person.UserId}")).Expect(200);
        return (id, person);
    }
}
