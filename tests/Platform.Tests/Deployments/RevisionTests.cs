using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Http;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Deployments;

/// <summary>Revisions of a deployment behind two model servers: which one answers, a canary, a shadow, and what they answered.</summary>
public sealed class RevisionTests(PlatformHost host) : PlatformTests(host)
{
    private const string Image = ServedDeployment.Image, Garbage = "bm90IGFuIGltYWdl";

    [Fact]
    public async Task Another_revision_answers_without_a_failed_request_and_a_roll_back_leads_back()
    {
        await using var served = await ServedDeployment.StartAsync(Host);
        await served.UntilReadyAsync("activateDeploymentRevision");
        var (number, export) = await served.AddRevisionAsync("one", "two", "three");
        Assert.Equal(2, number);
        using var stop = new CancellationTokenSource();
        var traffic = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            var answers = new List<ApiAnswer>();
            while (!stop.IsCancellationRequested)
                answers.Add(await served.PredictAsync(Image));
            return answers;
        })).ToArray();

        for (var round = 0; round < 5; round++)
        {
            await served.UntilReadyAsync("activateDeploymentRevision", revision: 2);
            if (round == 0)
                foreach (var server in served.Servers)
                    Assert.Equal("ready", (await server.SendAsync(HttpMethod.Get, $"/v1/models/{export}")).Body.GetProperty("state").GetString());
            Assert.Equal((2, "one"), Answered((await served.PredictAsync(Image)).Expect(200).Body));
            await served.UntilReadyAsync("rollBackDeployment");
            Assert.Equal((1, "red"), Answered((await served.PredictAsync(Image)).Expect(200).Body));
        }
        await stop.CancelAsync();
        var answers = (await Task.WhenAll(traffic)).SelectMany(some => some).ToList();

        // Each answer is of the revision that it names.
        Assert.All(answers, answer => Assert.Contains(Answered(answer.Expect(200).Body), new[] { (1, "red"), (2, "one") }));
        Assert.Equal([1, 2], answers.Select(answer => Answered(answer.Body).Revision).Distinct().Order());
        (await served.CallAsync("deactivateDeployment")).Expect(204);
        (await served.PredictAsync(Image)).Expect(409, "DEPLOYMENT_NOT_ACTIVE");
        await served.UntilReadyAsync("activateDeploymentRevision");
        (await served.PredictAsync(Image)).Expect(200);
    }

    [Fact]
    public async Task A_revision_with_a_broken_file_does_not_answer()
    {
        await using var served = await ServedDeployment.StartAsync(Host);
        await served.UntilReadyAsync("activateDeploymentRevision");
        var (number, export) = await served.AddRevisionAsync("one", "two", "three");
        await BreakAsync(served, export);

        // The file has another hash than the export says; it may be loading first.
        while (await served.CallAsync("activateDeploymentRevision", revision: number) is var answer && answer.Code != "MODEL_INVALID")
            answer.Expect(503, "MODEL_LOADING");
        Assert.Equal(1, Answered((await served.PredictAsync(Image)).Expect(200).Body).Revision);

        (await served.CallAsync("rollBackDeployment")).Expect(409, "INVALID_STATE");
    }

    [Fact]
    public async Task A_canary_answers_its_share_of_the_requests_and_what_it_cannot_answer_the_other_does()
    {
        await using var served = await ServedDeployment.StartAsync(Host);
        await served.UntilReadyAsync("activateDeploymentRevision");
        var (number, export) = await served.AddRevisionAsync("one", "two", "three");
        (await served.CallAsync("startDeploymentCanary", new { revision = 1, percent = 50 })).Expect(409, "INVALID_STATE");
        var started = await served.UntilReadyAsync("startDeploymentCanary", new { revision = number, percent = 50 });
        Assert.Equal((2, 50), (started.Body.GetProperty("canary").GetProperty("revision").GetInt32(), started.Body.GetProperty("canary").GetProperty("percent").GetInt32()));

        // The number of images changes the hash.
        var byCanary = 0;
        for (var count = 1; count <= 12; count++)
        {
            string[] images = [.. Enumerable.Repeat(Image, count)];
            var expected = RequestShare.Of(Guid.Parse(Examples.Deployment), [.. images.Select(Convert.FromBase64String)]) < 50 ? (2, "one") : (1, "red");
            Assert.Equal(expected, Answered((await served.PredictAsync(images)).Expect(200).Body));
            byCanary += expected.Item1 - 1;
        }
        Assert.InRange(byCanary, 1, 11);

        await BreakAsync(served, export);
        for (var count = 1; count <= 12; count++)
            Assert.Equal(1, Answered((await served.PredictAsync([.. Enumerable.Repeat(Image, count)])).Expect(200).Body).Revision);
        var hours = (await served.CallAsync("getDeploymentUsage")).Expect(200).Body.GetProperty("hours").EnumerateArray().ToList();
        Assert.Equal(byCanary, hours.Where(hour => hour.GetProperty("revision").GetInt32() == 2).Sum(hour => hour.GetProperty("counts").GetProperty("failedRequests").GetInt32()));

        (await served.CallAsync("endDeploymentCanary")).Expect(204);
        Assert.Equal(JsonValueKind.Null, (await served.CallAsync("getDeployment")).Expect(200).Body.GetProperty("canary").ValueKind);
    }

    [Fact]
    public async Task A_shadow_gets_a_copy_of_the_requests_and_the_report_says_where_it_answers_otherwise()
    {
        await using var served = await ServedDeployment.StartAsync(Host);
        await served.UntilReadyAsync("activateDeploymentRevision");
        var (other, _) = await served.AddRevisionAsync("one", "two", "three");
        var (same, export) = await served.AddRevisionAsync("red", "green", "blue");

        await served.UntilReadyAsync("startDeploymentShadow", new { revision = other });
        Assert.Equal((1, "red"), Answered((await served.PredictAsync(Image, Image, Garbage)).Expect(200).Body));
        var different = await UntilComparedAsync(served, other, 1);
        await served.UntilReadyAsync("startDeploymentShadow", new { revision = same });
        (await served.PredictAsync(Image)).Expect(200);
        var equal = await UntilComparedAsync(served, same, 1);

        Assert.Equal("same_class", (await served.CallAsync("getShadowReport")).Expect(200).Body.GetProperty("measure").GetString());
        Assert.Equal((3, 2), (different.GetProperty("imageCount").GetInt32(), different.GetProperty("differentImages").GetInt32()));
        var pair = Assert.Single(different.GetProperty("pairs").EnumerateArray());
        Assert.Equal(("red", "one", 2), (pair.GetProperty("answer").GetString(), pair.GetProperty("shadowAnswer").GetString(), pair.GetProperty("count").GetInt32()));
        Assert.Equal(2, different.GetProperty("differences").GetArrayLength());
        var difference = different.GetProperty("differences")[0];
        Assert.Equal(("red", "one"), (difference.GetProperty("answer")[0].GetProperty("class").GetString(), difference.GetProperty("shadowAnswer")[0].GetProperty("class").GetString()));
        Assert.Equal((1, 0), (equal.GetProperty("imageCount").GetInt32(), equal.GetProperty("differentImages").GetInt32()));
        Assert.Empty(equal.GetProperty("pairs").EnumerateArray());
        // Copies are not in the usage.
        Assert.All((await served.CallAsync("getDeploymentUsage")).Expect(200).Body.GetProperty("hours").EnumerateArray(), hour => Assert.Equal(1, hour.GetProperty("revision").GetInt32()));

        // A shadow that cannot answer takes nothing from the caller.
        await BreakAsync(served, export);
        Assert.Equal((1, "red"), Answered((await served.PredictAsync(Image)).Expect(200).Body));
        await Waiting.UntilAsync(async () => (await ReportAsync(served, same))!.Value.GetProperty("failedRequests").GetInt32() > 0, "the shadow's failure is counted");

        // Activation ends it; the report stays.
        await served.UntilReadyAsync("activateDeploymentRevision", revision: other);
        Assert.Equal(JsonValueKind.Null, (await served.CallAsync("getDeployment")).Expect(200).Body.GetProperty("shadowRevision").ValueKind);
        Assert.NotNull(await ReportAsync(served, other));
    }

    [Fact]
    public async Task A_shadow_that_finds_the_same_objects_in_another_shape_differs()
    {
        await using var served = await ServedDeployment.StartAsync(Host, model: "detector", task: TaskType.InstanceSegmentation);
        await served.UntilReadyAsync("activateDeploymentRevision");
        // No pixel of its masks, whose probability is 0.9, reaches this threshold; classes, scores and boxes are the same.
        var (strict, _) = await served.AddRevisionAsync(["thresholds", "mask"], "0.95");
        var (same, _) = await served.AddRevisionAsync(["thresholds", "mask"], "0.6");
        // A PNG of 64 × 64 white pixels.
        const string image = "iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQAAAACCEkxzAAAAEklEQVR42mP4DwUMo4xRBukMAOPT/hAC2mzjAAAAAElFTkSuQmCC";

        await served.UntilReadyAsync("startDeploymentShadow", new { revision = strict });
        var objects = (await served.PredictAsync(image)).Expect(200).Body.GetProperty("predictions")[0].GetProperty("objects").GetArrayLength();
        var different = await UntilComparedAsync(served, strict, 1);
        await served.UntilReadyAsync("startDeploymentShadow", new { revision = same });
        (await served.PredictAsync(image)).Expect(200);
        var equal = await UntilComparedAsync(served, same, 1);

        Assert.Equal("mask_iou", (await served.CallAsync("getShadowReport")).Expect(200).Body.GetProperty("measure").GetString());
        Assert.Equal((1, 0.0), (different.GetProperty("differentImages").GetInt32(), different.GetProperty("averageAgreement").GetDouble()));
        Assert.Equal(0, different.GetProperty("differences")[0].GetProperty("agreement").GetDouble());
        var pairs = different.GetProperty("pairs").EnumerateArray().ToList();
        Assert.All(pairs, pair => Assert.Equal(pair.GetProperty("answer").GetString(), pair.GetProperty("shadowAnswer").GetString()));
        Assert.Equal(objects, pairs.Sum(pair => pair.GetProperty("count").GetInt32()));
        // The edges of the masks move a little with the threshold.
        Assert.Equal(0, equal.GetProperty("differentImages").GetInt32());
        Assert.InRange(equal.GetProperty("averageAgreement").GetDouble(), 0.95, 1);
    }

    [Fact]
    public async Task Usage_has_latencies_and_what_the_images_were_like()
    {
        await using var served = await ServedDeployment.StartAsync(Host);
        await served.UntilWarmAsync();

        (await served.PredictAsync(Image, Image, Garbage)).Expect(200);

        var usage = (await served.CallAsync("getDeploymentUsage")).Expect(200).Body;
        var total = usage.GetProperty("total");
        Assert.Equal((2, 4, 1), (total.GetProperty("requestCount").GetInt32(), total.GetProperty("imageCount").GetInt32(), total.GetProperty("refusedImages").GetInt32()));
        Assert.True(total.GetProperty("failedRequests").GetInt32() > 0, "the cold model was not counted");
        Assert.True(total.GetProperty("p50Ms").GetDouble() <= total.GetProperty("p99Ms").GetDouble());
        foreach (var histogram in (string[])["sizes", "brightness", "confidence"])
            Assert.Equal(3, total.GetProperty(histogram).EnumerateArray().Sum(bucket => bucket.GetInt32()));
        Assert.Equal(3, total.GetProperty("sizes")[0].GetInt32());
        Assert.All(usage.GetProperty("hours").EnumerateArray(), hour => Assert.Equal(1, hour.GetProperty("revision").GetInt32()));
    }

    private static (int Revision, string Class) Answered(JsonElement answer) =>
        (answer.GetProperty("revision").GetInt32(), answer.GetProperty("predictions")[0].GetProperty("class").GetString()!);

    /// <summary>Has the servers forget an export, whose file is now another than the database says.</summary>
    private static async Task BreakAsync(ServedDeployment served, Guid export)
    {
        await using (var database = served.Contract.App.Databases.OpenPlatform())
            await database.Database.ExecuteSqlAsync($"UPDATE exports SET sha256 = {new string('0', 64)} WHERE id = {export}");
        foreach (var server in served.Servers)
            await server.SendAsync(HttpMethod.Delete, $"/v1/models/{export}");
    }

    private static async Task<JsonElement> UntilComparedAsync(ServedDeployment served, int shadow, int requests)
    {
        JsonElement? report = null;
        await Waiting.UntilAsync(
            async () => (report = await ReportAsync(served, shadow))?.GetProperty("requestCount").GetInt32() >= requests, $"the shadow has answered {requests} requests");
        return report!.Value;
    }

    private static async Task<JsonElement?> ReportAsync(ServedDeployment served, int shadow)
    {
        var report = (await served.CallAsync("getShadowReport")).Expect(200).Body;
        foreach (var comparison in report.GetProperty("comparisons").EnumerateArray())
            if (comparison.GetProperty("shadowRevision").GetInt32() == shadow)
                return comparison;
        return null;
    }
}
