using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Projects;

public sealed class ProjectTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task A_project_can_be_created_read_renamed_and_deleted()
    {
        using var owner = await Host.NewUserAsync();
        var made = (await owner.PostAsync("projects", new { name = "  Steel plates ", description = "Scratches\nand dents" })).Expect(201);
        Assert.Equal("Steel plates", made.Text("name"));
        Assert.Equal(owner.UserId, made.Body.GetProperty("ownerId").GetGuid());
        Assert.EndsWith($"/api/v1/projects/{made.Id}", made.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Equal(made.RawText, (await owner.GetAsync($"projects/{made.Id}")).Expect(200).RawText);

        var renamed = (await owner.PutAsync($"projects/{made.Id}", new { name = "Steel sheets" })).Expect(200);
        Assert.Equal("Steel sheets", renamed.Text("name"));
        Assert.Null(renamed.Text("description"));

        (await owner.DeleteAsync($"projects/{made.Id}")).Expect(204);
        (await owner.GetAsync($"projects/{made.Id}")).Expect(404, "NOT_FOUND");
        (await owner.DeleteAsync($"projects/{made.Id}")).Expect(404, "NOT_FOUND");
        Assert.Empty((await owner.GetAsync("projects")).Items);
    }

    [Fact]
    public async Task Names_are_unique_per_owner_regardless_of_case_and_free_again_after_deletion()
    {
        using var owner = await Host.NewUserAsync();
        using var stranger = await Host.NewUserAsync();
        var id = await owner.NewProjectAsync("Ölfilter");
        var other = await owner.NewProjectAsync("Luftfilter");

        Assert.NotEmpty((await owner.PostAsync("projects", new { name = "ölfilter" })).Expect(409, "DUPLICATE_NAME").ErrorsOf("name"));
        (await owner.PutAsync($"projects/{other}", new { name = "ÖLFILTER" })).Expect(409, "DUPLICATE_NAME");
        await stranger.NewProjectAsync("Ölfilter");
        (await owner.DeleteAsync($"projects/{id}")).Expect(204);
        await owner.NewProjectAsync("Ölfilter");
    }

    [Fact]
    public async Task Simultaneous_requests_create_only_one_project_with_the_same_name()
    {
        using var owner = await Host.NewUserAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => owner.PostAsync("projects", new { name = "Race" })));

        Assert.Equal(1, answers.Count(answer => answer.Status == HttpStatusCode.Created));
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.Created), answer => answer.Expect(409, "DUPLICATE_NAME"));
    }

    [Fact]
    public async Task Paging_returns_every_project_once_newest_first_while_others_are_added()
    {
        using var owner = await Host.NewUserAsync();
        var ids = new List<Guid>();
        for (var i = 0; i < 7; i++)
            ids.Add(await owner.NewProjectAsync());

        var seen = new List<Guid>();
        string? cursor = null;
        do
        {
            var page = (await owner.GetAsync($"projects?limit=3{(cursor is null ? "" : "&cursor=" + cursor)}")).Expect(200);
            Assert.InRange(page.Items.Count, 1, 3);
            seen.AddRange(page.Items.Select(item => item.GetProperty("id").GetGuid()));
            cursor = page.NextCursor;
            await (seen.Count < 7 ? owner.NewProjectAsync() : Task.CompletedTask);
        }
        while (cursor is not null);

        Assert.Equal(ids.AsEnumerable().Reverse(), seen);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("-name")]
    [InlineData("updatedAt")]
    [InlineData("-updatedAt")]
    [InlineData("createdAt")]
    public async Task A_sorted_list_returns_every_project_once_in_order(string sort)
    {
        using var owner = await Host.NewUserAsync();
        foreach (var name in (string[])["b", "D", "a", "é", "C", "a"])
            await owner.PostAsync("projects", new { name });
        await owner.PutAsync($"projects/{(await owner.GetAsync("projects")).Items[2].GetProperty("id").GetGuid()}", new { name = "E" });
        var all = (await owner.GetAsync($"projects?sort={sort}")).Expect(200).Items;

        var seen = new List<JsonElement>();
        for (var page = await owner.GetAsync($"projects?sort={sort}&limit=2"); ; page = await owner.GetAsync($"projects?sort={sort}&limit=2&cursor={page.NextCursor}"))
        {
            seen.AddRange(page.Expect(200).Items);
            if (page.NextCursor is null)
                break;
        }

        var key = sort.TrimStart('-');
        var keys = seen.Select(project => project.GetProperty(key).GetString()!).ToList();
        Assert.Equal(sort.StartsWith('-') ? keys.OrderDescending(StringComparer.Ordinal) : keys.Order(StringComparer.Ordinal), keys);
        Assert.Equal(5, seen.Select(project => project.GetProperty("id").GetGuid()).Distinct().Count());
        Assert.Equal(all.Select(project => project.GetRawText()), seen.Select(project => project.GetRawText()));
    }

    [Theory]
    [InlineData("name")]
    [InlineData("-name")]
    [InlineData("updatedAt")]
    [InlineData("-updatedAt")]
    public async Task Projects_that_are_equal_in_the_sorted_field_are_listed_once_each_on_every_size_of_page(string sort)
    {
        using var person = await Host.NewUserAsync();
        var at = DateTimeOffset.UtcNow;
        var alike = Enumerable.Range(0, 5).Select(_ => new Project { Name = "The same", OwnerId = Guid.CreateVersion7(), CreatedAt = at, UpdatedAt = at }).ToList();
        await using (var database = Host.App.Databases.OpenPlatform())
        {
            database.AddRange(alike);
            await database.SaveChangesAsync();
        }
        foreach (var project in alike)
            await PlatformHost.JoinAsync(Host.App.Databases, project.Id, person.UserId, ProjectRole.Viewer);
        var expected = alike.Select(project => project.Id).Order().ToList();
        if (sort.StartsWith('-'))
            expected.Reverse();

        foreach (var limit in (int[])[1, 2, 4])
        {
            var seen = new List<Guid>();
            for (var cursor = ""; ;)
            {
                var page = (await person.GetAsync($"projects?sort={sort}&limit={limit}{cursor}")).Expect(200);
                seen.AddRange(page.Items.Select(item => item.GetProperty("id").GetGuid()));
                if (page.NextCursor is null)
                    break;
                cursor = $"&cursor={page.NextCursor}";
            }
            Assert.Equal(expected, seen);
        }
    }

    [Fact]
    public async Task A_cursor_is_refused_in_another_order()
    {
        using var owner = await Host.NewUserAsync();
        await owner.NewProjectAsync();
        await owner.NewProjectAsync();
        var cursor = (await owner.GetAsync("projects?sort=name&limit=1")).NextCursor;

        (await owner.GetAsync($"projects?sort=-name&cursor={cursor}")).Expect(400, "INVALID_CURSOR");
        (await owner.GetAsync($"projects?cursor={cursor}")).Expect(400, "INVALID_CURSOR");
    }

    [Fact]
    public async Task The_name_filter_matches_percent_and_underscore_literally()
    {
        using var owner = await Host.NewUserAsync();
        await owner.NewProjectAsync("50% wool_blend");
        await owner.NewProjectAsync("500 woolXblend");

        Assert.Single((await owner.GetAsync("projects?name=50%25")).Expect(200).Items);
        Assert.Single((await owner.GetAsync("projects?name=WOOL_b")).Expect(200).Items);
    }

    [Theory]
    [InlineData("cursor=nonsense", 400, "INVALID_CURSOR")]
    [InlineData("cursor=bm9uc2Vuc2U", 400, "INVALID_CURSOR")]
    [InlineData("limit=0", 400, "INVALID_PARAMETER")]
    [InlineData("limit=-1", 400, "INVALID_PARAMETER")]
    [InlineData("limit=201", 400, "INVALID_PARAMETER")]
    [InlineData("limit=99999999999999999999", 400, "INVALID_PARAMETER")]
    [InlineData("limit=many", 400, "INVALID_PARAMETER")]
    [InlineData("limit=1&limit=2", 400, "INVALID_PARAMETER")]
    [InlineData("name=%00", 400, "INVALID_PARAMETER")]
    [InlineData("sort=colour", 400, "INVALID_PARAMETER")]
    public async Task An_invalid_page_request_is_refused(string query, int status, string code) =>
        (await Host.Admin.GetAsync($"projects?{query}")).Expect(status, code);

    [Fact]
    public async Task Simultaneous_requests_of_a_guest_create_only_one_project()
    {
        using var guest = await Host.NewUserAsync(SystemRole.Guest);

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => guest.PostAsync("projects", new { name = $"Guest {i}" })));

        Assert.Equal(1, answers.Count(answer => answer.Status == HttpStatusCode.Created));
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.Created), answer => answer.Expect(403, "QUOTA_EXCEEDED"));
    }

    // read, write, delete
    [Theory]
    [InlineData(null, 404, 404, 404)]
    [InlineData(ProjectRole.Viewer, 200, 403, 403)]
    [InlineData(ProjectRole.Member, 200, 403, 403)]
    [InlineData(ProjectRole.Admin, 200, 200, 403)]
    [InlineData(ProjectRole.Owner, 200, 200, 204)]
    public async Task Members_can_do_what_their_role_allows_and_strangers_see_nothing(ProjectRole? role, int read, int write, int delete)
    {
        using var owner = await Host.NewUserAsync();
        using var person = await Host.NewUserAsync();
        var id = await owner.NewProjectAsync();
        if (role is { } given)
            await PlatformHost.JoinAsync(Host.App.Databases, id, person.UserId, given);

        (await person.GetAsync($"projects/{id}")).Expect(read);
        Assert.Equal(role is null ? 0 : 1, (await person.GetAsync("projects")).Items.Count);
        var written = (await person.PutAsync($"projects/{id}", new { name = "Renamed" })).Expect(write);
        var deleted = (await person.DeleteAsync($"projects/{id}")).Expect(delete);

        if (write == 403)
            Assert.Contains("projects:write", written.Text("detail"), StringComparison.Ordinal);
        if (delete == 403)
            Assert.Contains("projects:delete", deleted.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_administrator_can_do_everything_and_a_manager_only_sees_own_projects()
    {
        using var owner = await Host.NewUserAsync();
        using var manager = await Host.NewUserAsync(SystemRole.Manager);
        var id = await owner.NewProjectAsync();

        (await manager.GetAsync($"projects/{id}")).Expect(404);
        (await Host.Admin.GetAsync($"projects/{id}")).Expect(200);
        (await Host.Admin.DeleteAsync($"projects/{id}")).Expect(204);
    }

    [Fact]
    public async Task An_unknown_id_and_an_invalid_id_are_both_not_found()
    {
        (await Host.Admin.GetAsync($"projects/{Guid.CreateVersion7()}")).Expect(404, "NOT_FOUND");
        (await Host.Admin.GetAsync("projects/latest")).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task A_project_with_a_running_job_cannot_be_deleted()
    {
        using var owner = await Host.NewUserAsync();
        var id = await owner.NewProjectAsync();
        await using (var database = Host.App.Databases.OpenPlatform())
            await RunningJob.AddAsync(database, id, owner.UserId);

        (await owner.DeleteAsync($"projects/{id}")).Expect(409, "INVALID_STATE");

        await using (var database = Host.App.Databases.OpenPlatform())
            await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET state = 'cancelled' WHERE project_id = {id}");
        (await owner.DeleteAsync($"projects/{id}")).Expect(204);
    }

    [Theory]
    [InlineData("", "Must not be blank.")]
    [InlineData("   ", "Must not be blank.")]
    [InlineData("two\nlines", "Must not contain control or invisible characters.")]
    [InlineData("zero\u200bwidth", "Must not contain control or invisible characters.")]
    [InlineData("turned\u202earound", "Must not contain control or invisible characters.")]
    public async Task Blank_long_and_invisible_names_are_refused(string name, string message) =>
        Assert.Contains(message, (await Host.Admin.PostAsync("projects", new { name })).Expect(422, "VALIDATION_FAILED").ErrorsOf("name"));

    [Theory]
    [InlineData("기계 학습 👩‍🔬")]
    [InlineData("می‌خواهم")]
    public async Task Names_in_any_script_are_accepted(string name)
    {
        using var owner = await Host.NewUserAsync();

        var made = (await owner.PostAsync("projects", new { name })).Expect(201);

        Assert.Equal(name, (await owner.GetAsync($"projects/{made.Id}")).Text("name"));
    }
}
