using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Training;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>Turns on the real trainer.</summary>
[Collection(nameof(TrainingLab))]
public sealed class TurnTests(TrainingLab lab)
{
    [Fact]
    public async Task The_export_of_one_person_does_not_wait_for_eight_of_another()
    {
        var made = await lab.WaitForStateAsync(await lab.StartJobAsync(epochs: 1), "completed");
        var export = new { modelVersionId = made.GetProperty("modelVersionId").GetGuid(), formats = new[] { "onnx" } };
        using var busy = await lab.NewMemberAsync(SystemRole.AdvancedEngineer);
        using var other = await lab.NewMemberAsync(SystemRole.StandardEngineer);
        // Jobs in all slots of the trainer, so that the exports wait until all of them are there.
        Guid[] jobs = [await StartAsync(busy), await StartAsync(busy)];
        var exports = new List<Guid>();
        for (var i = 0; i < 8; i++)
            exports.Add((await busy.PostAsync("exports", export)).Expect(202).Items[0].GetProperty("id").GetGuid());
        await WaitingAsync(exports);
        var its = (await other.PostAsync("exports", export)).Expect(202).Items[0].GetProperty("id").GetGuid();
        await WaitingAsync([.. exports, its]);

        foreach (var job in jobs)
            (await busy.PostAsync($"training/jobs/{job}/cancel")).Expect(202);

        foreach (var id in exports.Append(its))
            await Waiting.UntilAsync(async () => (await lab.Admin.GetAsync($"exports/{id}")).Expect(200).Text("state") is "completed" or "failed", "the export ends", seconds: 300);
        var started = await StartedAsync();
        Assert.Equal(9, started.Count);
        // Both slots became free at about the same time.
        Assert.Contains(its, started[..2]);
        return;

        async Task WaitingAsync(List<Guid> ids) => await Waiting.UntilAsync(async () =>
        {
            await using var database = lab.App.Databases.OpenPlatform();
            return await database.Attempts.CountAsync(attempt => ids.Contains(attempt.SubjectId) && attempt.State == AttemptState.Waiting) == ids.Count;
        }, $"{ids.Count} exports wait");

        async Task<List<Guid>> StartedAsync()
        {
            await using var database = lab.App.Databases.OpenPlatform();
            Guid[] ids = [.. exports, its];
            return await database.Attempts.Where(attempt => ids.Contains(attempt.SubjectId) && attempt.Number == 1).OrderBy(attempt => attempt.StartedAt).Select(attempt => attempt.SubjectId).ToListAsync();
        }
    }

    private async Task<Guid> StartAsync(ApiClient person)
    {
        var id = (await person.PostAsync("training/jobs", lab.Job(new { epochs = 200 }))).Expect(201).Id;
        (await person.PostAsync($"training/jobs/{id}/start")).Expect(202);
        await lab.WaitForStateAsync(id, "running");
        return id;
    }
}
