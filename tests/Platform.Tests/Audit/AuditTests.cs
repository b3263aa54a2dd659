using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Audit;
using VisionPlatform.Images;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Audit;

public sealed class AuditTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task An_entry_has_actor_action_subject_address_and_result()
    {
        using var owner = await Host.NewUserAsync();
        owner.Http.DefaultRequestHeaders.UserAgent.ParseAdd("audit-test/1.0");

        var project = await owner.NewProjectAsync();

        var entry = await FindAsync($"actorId={owner.UserId}&action=project.create");
        Assert.Equal(owner.Email, entry.GetProperty("actorName").GetString());
        Assert.Equal("person", entry.GetProperty("actorKind").GetString());
        Assert.Equal("project", entry.GetProperty("subjectType").GetString());
        Assert.Equal(project.ToString(), entry.GetProperty("subjectId").GetString());
        Assert.Equal("success", entry.GetProperty("result").GetString());
        Assert.Equal("audit-test/1.0", entry.GetProperty("userAgent").GetString());
        Assert.True(IPAddress.TryParse(entry.GetProperty("address").GetString(), out _));
        Assert.NotNull(entry.GetProperty("traceId").GetString());
    }

    [Fact]
    public async Task A_replayed_answer_leaves_no_second_entry()
    {
        using var owner = await Host.NewUserAsync();
        owner.Http.DefaultRequestHeaders.Add("Idempotency-Key", $"{Guid.NewGuid()}");
        var project = (await owner.PostAsync("projects", new { name = "once" })).Expect(201).Id;

        Assert.Equal(project, (await owner.PostAsync("projects", new { name = "once" })).Expect(201).Id);

        // Entries are written in order, so an entry of the repeated request would come before this one.
        (await owner.DeleteAsync($"projects/{project}")).Expect(204);
        await FindAsync($"actorId={owner.UserId}&action=project.delete");
        Assert.Single((await Host.Admin.GetAsync($"admin/audit?actorId={owner.UserId}&action=project.create")).Expect(200).Items);
    }

    [Fact]
    public async Task A_refusal_is_logged_with_its_code_and_reading_is_not_logged()
    {
        using var manager = await Host.NewUserAsync(SystemRole.Manager);

        (await manager.GetAsync("projects")).Expect(200);
        (await manager.GetAsync("admin/audit")).Expect(403, "FORBIDDEN");

        var entry = await FindAsync($"actorId={manager.UserId}&result=denied");
        Assert.Equal("audit_entries.list", entry.GetProperty("action").GetString());
        Assert.Equal("FORBIDDEN", entry.GetProperty("code").GetString());
        Assert.Empty((await Host.Admin.GetAsync($"admin/audit?actorId={manager.UserId}&result=success&action=projects.list")).Expect(200).Items);
    }

    [Fact]
    public async Task The_database_refuses_to_change_or_remove_an_entry()
    {
        await AddAsync("test.immutable", DateTimeOffset.UtcNow);
        await using var database = Host.App.Databases.OpenUsers();
        foreach (var sql in new[]
        {
            "UPDATE audit_entries SET result = 'success'", "DELETE FROM audit_entries WHERE action = 'test.immutable'", "TRUNCATE audit_entries",
            "SELECT purge_audit_entries(now() + interval '1 year', 1000)", // Removes nothing younger than a day.
        })
        {
            var refused = await Record.ExceptionAsync(() => database.Database.ExecuteSqlRawAsync(sql, TestContext.Current.CancellationToken));
            if (!sql.StartsWith("SELECT", StringComparison.Ordinal))
                Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, Assert.IsType<PostgresException>(refused).SqlState);
            Assert.True(await database.AuditEntries.AnyAsync(entry => entry.Action == "test.immutable", TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task The_timer_removes_only_entries_older_than_the_retention()
    {
        var action = $"test.retention_{Guid.CreateVersion7():n}";
        await AddAsync(action, DateTimeOffset.UtcNow.AddDays(-366));
        await AddAsync(action, DateTimeOffset.UtcNow.AddDays(-364));

        await Host.FireTimerAsync("RemoveExpired");

        await Waiting.UntilAsync(async () => (await Host.Admin.GetAsync($"admin/audit?action={action}")).Items.Count == 1, "the old entry is gone");
    }

    [Fact]
    public async Task Filters_times_and_pages_return_each_entry_once()
    {
        var action = $"test.page_{Guid.CreateVersion7():n}";
        var start = DateTimeOffset.UtcNow.AddDays(-2);
        for (var i = 0; i < 5; i++)
            await AddAsync(action, start.AddMinutes(i));

        var seen = new List<DateTimeOffset>();
        string? cursor = null;
        do
        {
            var page = (await Host.Admin.GetAsync($"admin/audit?action={action}&limit=2&cursor={cursor}")).Expect(200);
            seen.AddRange(page.Items.Select(item => item.GetProperty("time").GetDateTimeOffset()));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.Equal(5, seen.Count);
        Assert.Equal(seen.OrderDescending(), seen);

        var middle = (await Host.Admin.GetAsync($"admin/audit?action={action}&from={Time(start.AddSeconds(30))}&to={Time(start.AddSeconds(150))}")).Expect(200);
        Assert.Equal(2, middle.Items.Count);
        (await Host.Admin.GetAsync("admin/audit?from=yesterday")).Expect(400, "INVALID_PARAMETER");
        (await Host.Admin.GetAsync("admin/audit?result=maybe")).Expect(400, "INVALID_PARAMETER");
    }

    [Fact]
    public async Task The_export_has_every_match_as_csv_or_json_lines_and_no_spreadsheet_formula()
    {
        var action = $"test.export_{Guid.CreateVersion7():n}";
        await AddAsync(action, DateTimeOffset.UtcNow, "=HYPERLINK(\"http://x\"),\nnext");
        await AddAsync(action, DateTimeOffset.UtcNow);

        var csv = (await Host.Admin.GetAsync($"admin/audit/export?action={action}")).Expect(200);
        Assert.Equal("text/csv", csv.ContentHeaders.ContentType!.MediaType);
        Assert.StartsWith("id,time,actorKind,", csv.RawText, StringComparison.Ordinal);
        Assert.Contains("\"'=HYPERLINK(\"\"http://x\"\"),\nnext\"", csv.RawText, StringComparison.Ordinal);

        var lines = (await Host.Admin.GetAsync($"admin/audit/export?action={action}&format=jsonl")).Expect(200).RawText.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Equal(action, JsonDocument.Parse(line).RootElement.GetProperty("action").GetString()));
        await FindAsync($"actorId={Host.Admin.UserId}&action=audit.export");
    }

    [Fact]
    public void Details_with_the_name_of_a_secret_are_not_stored()
    {
        var log = new AuditLog(null!, new AuditSettings(Retention: null), TimeProvider.System);

        var entry = log.Entry(new AuditEvent("test.secret") { Details = new Dictionary<string, object?> { ["newPassword"] = "x", ["refreshToken"] = "y", ["role"] = SystemRole.Guest } });

        Assert.Equal("""{"role":"guest"}""", entry.Details!.Value.GetRawText());
        Assert.Equal(AuditActorKind.System, entry.ActorKind);
    }

    private static string Time(DateTimeOffset time) => Uri.EscapeDataString(time.UtcDateTime.ToString("O"));

    private async Task AddAsync(string action, DateTimeOffset time, string? name = null)
    {
        await using var database = Host.App.Databases.OpenUsers();
        database.AuditEntries.Add(new AuditEntry { Id = Guid.CreateVersion7(time), Time = time, ActorKind = AuditActorKind.System, Action = action, SubjectName = name, Result = AuditResult.Success });
        await database.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    private async Task<JsonElement> FindAsync(string query)
    {
        IReadOnlyList<JsonElement> found = [];
        await Waiting.UntilAsync(async () => (found = (await Host.Admin.GetAsync($"admin/audit?{query}")).Expect(200).Items).Count > 0, $"an entry matches {query}");
        return found[0];
    }
}
