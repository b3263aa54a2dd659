using System.Net;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Platform.Tests.Datasets;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Http;

/// <summary>ETag, If-Match and If-None-Match, tested with projects.</summary>
public sealed class VersionTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task The_etag_changes_with_the_resource_and_allows_304()
    {
        using var owner = await Host.NewUserAsync();
        var made = (await owner.PostAsync("projects", new { name = "Versioned" })).Expect(201);
        var first = made.Headers.ETag!.ToString();

        Assert.Equal(first, (await owner.GetAsync($"projects/{made.Id}")).Headers.ETag!.ToString());
        var unchanged = (await owner.SendAsync(HttpMethod.Get, $"projects/{made.Id}", null, ("If-None-Match", $"\"other\", W/{first}"))).Expect(304);
        Assert.Empty(unchanged.RawText);
        Assert.Equal(first, unchanged.Headers.ETag!.ToString());

        var changed = (await owner.SendAsync(HttpMethod.Put, $"projects/{made.Id}", new { name = "Changed" }, ("If-Match", first))).Expect(200);
        Assert.NotEqual(first, changed.Headers.ETag!.ToString());
        (await owner.SendAsync(HttpMethod.Get, $"projects/{made.Id}", null, ("If-None-Match", first))).Expect(200);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task A_change_of_an_old_version_is_refused_with_the_current_one(string method)
    {
        using var owner = await Host.NewUserAsync();
        var made = (await owner.PostAsync("projects", new { name = "First" })).Expect(201);
        var present = (await owner.PutAsync($"projects/{made.Id}", new { name = "Second" })).Expect(200).Headers.ETag!.ToString();

        var refused = (await owner.SendAsync(HttpMethod.Parse(method), $"projects/{made.Id}", method == "PUT" ? new { name = "Third" } : null, ("If-Match", made.Headers.ETag!.ToString()))).Expect(412, "PRECONDITION_FAILED");

        Assert.Equal(present, refused.Text("currentVersion"));
        Assert.Equal(present, refused.Headers.ETag!.ToString());
        Assert.Equal("Second", (await owner.GetAsync($"projects/{made.Id}")).Text("name"));
    }

    [Fact]
    public async Task Simultaneous_changes_of_one_version_succeed_once()
    {
        using var owner = await Host.NewUserAsync();
        var made = (await owner.PostAsync("projects", new { name = "Race" })).Expect(201);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            owner.SendAsync(HttpMethod.Put, $"projects/{made.Id}", new { name = $"Winner {i}" }, ("If-Match", made.Headers.ETag!.ToString()))));

        var winner = Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(answer => answer != winner), answer => answer.Expect(412, "PRECONDITION_FAILED"));
        Assert.Equal(winner.Text("name"), (await owner.GetAsync($"projects/{made.Id}")).Text("name"));
    }

    [Fact]
    public async Task The_etag_of_a_body_that_counts_other_rows_changes_with_them()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        var before = (await owner.GetAsync($"datasets/{dataset}")).Expect(200);
        await using (var database = Host.App.Databases.OpenPlatform())
        {
            database.DatasetImages.Add(new DatasetImage
            {
                DatasetId = dataset, Path = "a/1.png", Key = $"datasets/{dataset}/images/a/1.png", ContentType = "image/png", Size = 70, Sha256 = new string('0', 64), Width = 2, Height = 2,
                CreatedBy = owner.UserId, CreatedAt = DateTimeOffset.UtcNow,
            });
            await database.SaveChangesAsync();
        }

        var after = (await owner.SendAsync(HttpMethod.Get, $"datasets/{dataset}", null, ("If-None-Match", before.Headers.ETag!.ToString()))).Expect(200);

        Assert.NotEqual(before.Headers.ETag, after.Headers.ETag);
        // The row has not changed, so the version that was read before still matches.
        (await owner.SendAsync(HttpMethod.Delete, $"datasets/{dataset}", null, ("If-Match", before.Headers.ETag!.ToString()))).Expect(204);
    }

    [Fact]
    public async Task A_star_matches_any_version_and_a_tag_without_quotes_is_an_error()
    {
        using var owner = await Host.NewUserAsync();
        var id = await owner.NewProjectAsync();

        (await owner.SendAsync(HttpMethod.Put, $"projects/{id}", new { name = "Any" }, ("If-Match", "*"))).Expect(200);
        Assert.NotEmpty((await owner.SendAsync(HttpMethod.Put, $"projects/{id}", new { name = "Any" }, ("If-Match", "1234"))).Expect(400, "INVALID_PARAMETER").ErrorsOf("If-Match"));
    }
}
