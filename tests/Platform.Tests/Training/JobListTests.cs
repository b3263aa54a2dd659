using Microsoft.EntityFrameworkCore;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Projects;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>Stars, notes, tags, filters and orders of jobs, and jobs side by side.</summary>
public sealed class JobListTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Jobs_are_found_by_what_people_wrote_about_them_and_sorted_by_their_metric()
    {
        using var owner = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        var jobs = await PendingJobs.AddAsync(Host.App.Databases, project, owner.UserId, 4);
        await using (var database = Host.App.Databases.OpenPlatform())
            foreach (var (index, job) in jobs.Take(3).Index())
                await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET score = {0.5 + (index == 1 ? 0.3 : index * 0.1)} WHERE id = {job}");
        (await owner.PutAsync($"training/jobs/{jobs[1]}/marks", new { starred = true, notes = "Lower 100% of the noise", tags = new[] { "baseline", "night", "night" } })).Expect(200);
        (await owner.PutAsync($"training/jobs/{jobs[2]}/marks", new { starred = false, notes = "", tags = new[] { "night" } })).Expect(200);

        Assert.Equal([jobs[1]], await ListAsync("starred=true"));
        Assert.Equal(3, (await ListAsync("starred=false")).Count);
        Assert.Equivalent(new[] { jobs[1], jobs[2] }, await ListAsync("tag=night"), strict: true);
        Assert.Equal([jobs[1]], await ListAsync("tag=baseline"));
        Assert.Equal([jobs[1]], await ListAsync("search=100%25%20OF"));
        Assert.Equal([jobs[1], jobs[2], jobs[0], jobs[3]], await ListAsync("sort=-score"));
        Assert.Equal([jobs[0], jobs[2]], (await ListAsync("sort=score&limit=3"))[1..]);
        Assert.Equal(4, (await ListAsync("taskType=image_classification&state=pending")).Count);
        Assert.Empty(await ListAsync("taskType=object_detection"));
        Assert.Empty(await ListAsync("model=nothing"));
        var marked = (await owner.GetAsync($"training/jobs/{jobs[1]}")).Expect(200).Body;
        Assert.Equal((true, "Lower 100% of the noise", 2), (marked.GetProperty("starred").GetBoolean(), marked.GetProperty("notes").GetString(), marked.GetProperty("tags").GetArrayLength()));
        Assert.NotEmpty((await owner.PutAsync($"training/jobs/{jobs[1]}/marks", new { starred = true, notes = "", tags = new[] { "fine", " " } })).Expect(422, "VALIDATION_FAILED").ErrorsOf("tags[1]"));
        foreach (var unseen in (string[])["a\0b", "a\nb", "turned\u202earound"])
            Assert.NotEmpty((await owner.PutAsync($"training/jobs/{jobs[1]}/marks", new { starred = true, notes = "", tags = new[] { unseen } })).Expect(422, "VALIDATION_FAILED").ErrorsOf("tags[0]"));

        async Task<List<Guid>> ListAsync(string query) => [.. (await owner.GetAsync($"training/jobs?projectId={project}&{query}")).Expect(200).Items.Select(job => job.GetProperty("id").GetGuid())];
    }

    [Fact]
    public async Task The_priority_of_a_job_can_be_set_until_it_ends()
    {
        using var owner = await Host.NewUserAsync();
        using var colleague = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        var job = (await PendingJobs.AddAsync(Host.App.Databases, project, owner.UserId, 1))[0];
        Assert.Equal("normal", await PriorityAsync());
        foreach (var priority in (string[])["low", "high", "normal", "low"])
        {
            Assert.Equal(priority, (await owner.PutAsync($"training/jobs/{job}/priority", new { priority })).Expect(200).Body.GetProperty("priority").GetString());
            Assert.Equal(priority, await PriorityAsync());
        }
        (await owner.PutAsync($"training/jobs/{job}/priority", new { priority = "urgent" })).Expect(422, "VALIDATION_FAILED");
        (await owner.PutAsync($"training/jobs/{job}/priority", new { })).Expect(422, "VALIDATION_FAILED");
        // Somebody else's job belongs to those who manage the training of the project.
        var organization = (await Host.Admin.PostAsync("organizations", new { name = $"Organization {Guid.CreateVersion7():n}" })).Expect(201).Id;
        foreach (var person in new[] { owner, colleague })
            (await Host.Admin.PutAsync($"organizations/{organization}/members/{person.UserId}")).Expect(200);
        (await owner.PostAsync($"projects/{project}/members", new { userId = colleague.UserId, role = "member" })).Expect(201);
        (await colleague.PutAsync($"training/jobs/{job}/priority", new { priority = "high" })).Expect(403, "FORBIDDEN");

        (await owner.PostAsync($"training/jobs/{job}/cancel")).Expect(202);
        (await owner.PutAsync($"training/jobs/{job}/priority", new { priority = "high" })).Expect(409, "INVALID_STATE");
        Assert.Equal("low", (await owner.PostAsync($"training/jobs/{job}/restart")).Expect(201).Body.GetProperty("priority").GetString());

        async Task<string?> PriorityAsync() => (await owner.GetAsync($"training/jobs/{job}")).Expect(200).Body.GetProperty("priority").GetString();
    }

    [Fact]
    public async Task Jobs_side_by_side_show_their_curves_and_what_differs_in_their_configurations()
    {
        using var owner = await Host.NewUserAsync();
        using var stranger = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        var jobs = await PendingJobs.AddAsync(Host.App.Databases, project, owner.UserId, 2);
        await using (var database = Host.App.Databases.OpenPlatform())
        {
            foreach (var (index, job) in jobs.Index())
            {
                var config = $$"""{"epochs":4,"batchSize":{{8 * (index + 1)}}}""";
                await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET config = {config}::jsonb WHERE id = {job}");
                for (var epoch = 1; epoch <= 2; epoch++)
                    await database.Database.ExecuteSqlAsync($$"""INSERT INTO epoch_metrics (job_id, attempt, epoch, metrics, time) VALUES ({{job}}, 1, {{epoch}}, '{"loss":0.5,"accuracy":0.25}', now())""");
            }
        }

        var compared = (await owner.GetAsync($"training/comparison?ids={jobs[0]},{jobs[1]}&names=loss")).Expect(200).Body;

        Assert.Equal(jobs, compared.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("id").GetGuid()));
        Assert.Equal([2, 2], compared.GetProperty("curves").EnumerateArray().Select(curve => curve.GetProperty("points").GetArrayLength()));
        Assert.Equal("""{"loss":0.5}""", compared.GetProperty("curves")[0].GetProperty("points")[0].GetProperty("metrics").GetRawText());
        Assert.Equal("""[{"field":"batchSize","values":[8,16],"differs":true},{"field":"epochs","values":[4,4],"differs":false}]""", compared.GetProperty("config").GetRawText());
        (await owner.GetAsync($"training/comparison?ids={jobs[0]}")).Expect(400, "INVALID_PARAMETER");
        (await stranger.GetAsync($"training/comparison?ids={jobs[0]},{jobs[1]}")).Expect(404, "NOT_FOUND");
    }
}
