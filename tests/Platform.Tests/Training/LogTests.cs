using System.Net.Http.Headers;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Projects;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>Pages of a log, and the log as a stream.</summary>
public sealed class LogTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Pages_can_be_turned_both_ways_and_filtered_and_a_stream_sends_the_lines_that_match_as_they_come()
    {
        using var owner = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();
        var job = (await PendingJobs.AddAsync(Host.App.Databases, project, owner.UserId, 1))[0];
        await AppendAsync(job, 1, 100);
        var path = $"training/jobs/{job}/logs";

        var first = (await owner.GetAsync($"{path}?limit=30")).Expect(200);
        Assert.Equal(("line 1", "line 30", null), (Text(first, 0), Text(first, ^1), first.Text("previousCursor")));
        var second = (await owner.GetAsync($"{path}?limit=30&after={first.NextCursor}")).Expect(200);
        Assert.Equal(("line 31", "line 60"), (Text(second, 0), Text(second, ^1)));
        var back = (await owner.GetAsync($"{path}?limit=30&before={second.Text("previousCursor")}")).Expect(200);
        Assert.Equal(("line 1", "line 30"), (Text(back, 0), Text(back, ^1)));
        var last = (await owner.GetAsync($"{path}?limit=30&last=true")).Expect(200);
        Assert.Equal(("line 71", "line 100"), (Text(last, 0), Text(last, ^1)));
        Assert.Equal(10, (await owner.GetAsync($"{path}?level=error,warning&limit=200")).Expect(200).Items.Count);
        Assert.Equal(["line 42"], (await owner.GetAsync($"{path}?search=LINE%2042")).Expect(200).Items.Select(line => line.GetProperty("message").GetString()));
        (await owner.GetAsync($"{path}?level=loud")).Expect(400, "INVALID_PARAMETER");

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/{path}?level=error");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", owner.AccessToken);
        request.Headers.Add("Last-Event-ID", Id(second, ^1));
        using var response = await owner.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Contains("line 67", await NextAsync(reader), StringComparison.Ordinal);
        await using (var database = Host.App.Databases.OpenPlatform())
        {
            await AppendAsync(job, 101, 107);
            await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET state = 'cancelled', completed_at = now() WHERE id = {job}");
            await database.Database.ExecuteSqlAsync($"SELECT pg_notify('job_events', {job.ToString()})");
        }
        var rest = "";
        while (!rest.Contains("event: end", StringComparison.Ordinal))
            rest += await reader.ReadLineAsync() + "\n";
        Assert.Contains("line 107", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("line 106", rest, StringComparison.Ordinal);
    }

    private static async Task<string> NextAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                return line;
        return "";
    }

    private async Task AppendAsync(Guid jobId, int from, int to)
    {
        await using var database = Host.App.Databases.OpenPlatform();
        await database.Database.ExecuteSqlAsync(
            $$"""
            INSERT INTO job_events (job_id, type, data, time)
            SELECT {{jobId}}, 'log', jsonb_build_object('attempt', 1, 'source', 'trainer', 'time', now(), 'level', CASE WHEN i % 20 = 7 THEN 'error' WHEN i % 20 = 3 THEN 'warning' ELSE 'info' END, 'message', 'line ' || i), now()
            FROM generate_series({{from}}, {{to}}) i
            """);
    }

    private static string? Text(ApiAnswer page, Index index) => page.Items[index].GetProperty("message").GetString();

    private static string Id(ApiAnswer page, Index index) => page.Items[index].GetProperty("id").GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture);
}
