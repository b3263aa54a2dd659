using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Exports;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Training;
using VisionPlatform.Orchestrations.Exports;

namespace VisionPlatform.Orchestrations.Tests;

public sealed class ExportModelsTests(Servers servers) : IClassFixture<Servers>
{
    private const string Passed = """{"metadata":{"opset":13},"validation":{"samples":1,"maxAbsDiff":0,"tolerance":0.001,"top1Agreement":1,"accuracy":1,"referenceAccuracy":1,"passed":true}}""";

    [Fact]
    public async Task Each_format_ends_by_itself_and_only_one_with_its_file_in_the_store_completes()
    {
        await using var bench = await Workbench.StartAsync(servers);
        var exports = await servers.NewExportsAsync("onnx", "torchscript");
        var (stored, missing) = (exports[0], exports[1]);
        var instance = await bench.Engine.Client.ScheduleNewOrchestrationInstanceAsync(
            "ExportModels", exports.Select(export => export.Id).ToList(), new StartOrchestrationOptions(ExportModels.InstanceId(stored.Id)), TestContext.Current.CancellationToken);
        await servers.Stores.Internal.PutAsync($"exports/{stored.Id}/1/model.onnx", "model"u8.ToArray(), "application/octet-stream", TestContext.Current.CancellationToken);
        foreach (var export in exports)
        {
            await bench.SentAsync(export.Id);
            await bench.ReportAsync(
                export.Id, Event("started"), Event("artifact") with { Name = "model.onnx", Key = $"exports/{export.Id}/1/model.onnx", Size = 5, Sha256 = Convert.ToHexStringLower(SHA256.HashData("model"u8)) },
                Event("completed") with { Result = JsonDocument.Parse(Passed).RootElement });
        }

        var ends = (await bench.Engine.EndOf(instance)).ReadOutputAs<List<ExportEnd>>()!;

        Assert.Equal([(stored.Id, ExportState.Completed, null), (missing.Id, ExportState.Failed, "TRAINER_PROTOCOL_ERROR")], ends.Select(end => (end.ExportId, end.State, end.Failure?.Code)));
        await using var database = servers.Training.Open();
        var completed = await database.Exports.SingleAsync(export => export.Id == stored.Id);
        Assert.True(completed.Validation!.Passed);
        Assert.StartsWith($"models/exports/{stored.Id}/", completed.Key);
        Assert.Equal("model"u8.ToArray(), (await servers.Stores.Internal.GetBytesAsync(completed.Key!, 100, TestContext.Current.CancellationToken))!.Bytes);
        Assert.Equal(13, completed.Metadata!.Value.GetProperty("opset").GetInt32());
    }

    [Theory]
    [InlineData("fp16", null)]
    [InlineData("fp32", "EXPORT_VALIDATION_FAILED")]
    public async Task An_export_keeps_its_package_and_certificate_and_fails_in_another_precision_than_asked_for(string given, string? failure)
    {
        await using var bench = await Workbench.StartAsync(servers);
        var export = (await servers.NewExportsAsync("onnx"))[0];
        await using var database = servers.Training.Open();
        await database.Database.ExecuteSqlAsync($$"""UPDATE exports SET options = '{"precision":"fp16"}' WHERE id = {{export.Id}}""", TestContext.Current.CancellationToken);
        var ends = bench.EndOfAsync<ExportEnd>(ExportWork.Export, export.Id);
        await bench.SentAsync(export.Id);
        var artifacts = new List<AttemptEvent>();
        foreach (var (kind, name, content) in new[] { ("package", "package.zip", "package"u8.ToArray()), ("model", "model.onnx", "model"u8.ToArray()) })
        {
            var key = $"exports/{export.Id}/1/{name}";
            await servers.Stores.Internal.PutAsync(key, content, "application/octet-stream", TestContext.Current.CancellationToken);
            artifacts.Add(Event("artifact") with { Kind = kind, Name = name, Key = key, Size = content.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)) });
        }

        var result = $$$"""{{{{Passed[1..^1]}}},"certificate":{"engine":"onnxruntime 1","precision":"{{{given}}}","split":"test","samples":8,"metric":"accuracy","before":1,"after":0.9,"agreement":1,"maxAbsDiff":0.001,"decoders":{"first":"Pillow 9","second":"OpenCV 4","files":8,"meanPixelDiff":0.1,"maxPixelDiff":2},"batches":[{"size":1,"maxAbsDiff":0}],"notSquare":{"files":2,"maxAbsDiff":0,"meanPixelDiff":0.2},"notMeasured":[]}}""";
        await bench.ReportAsync(export.Id, [Event("started"), .. artifacts, Event("completed") with { Result = JsonDocument.Parse(result).RootElement }]);

        Assert.Equal(failure, (await ends).Failure?.Code);
        var ended = await database.Exports.AsNoTracking().SingleAsync(row => row.Id == export.Id, TestContext.Current.CancellationToken);
        Assert.Equal(("accuracy", 0.9, 8), (ended.Certificate!.Metric, ended.Certificate.After, ended.Certificate.Decoders.Files));
        if (failure is not null)
            return;
        Assert.StartsWith($"models/exports/{export.Id}/", ended.PackageKey, StringComparison.Ordinal);
        Assert.Equal("package"u8.ToArray(), (await servers.Stores.Internal.GetBytesAsync(ended.PackageKey!, 100, TestContext.Current.CancellationToken))!.Bytes);
        Assert.Equal("model"u8.ToArray(), (await servers.Stores.Internal.GetBytesAsync(ended.Key!, 100, TestContext.Current.CancellationToken))!.Bytes);
    }

    [Fact]
    public async Task An_export_whose_project_is_deleted_stops_its_trainer_and_frees_the_slot()
    {
        await using var bench = await Workbench.StartAsync(servers);
        var export = (await servers.NewExportsAsync("onnx"))[0];
        var end = bench.EndOfAsync<ExportEnd>(ExportWork.Export, export.Id);
        await bench.SentAsync(export.Id);
        await bench.ReportAsync(export.Id, Event("started"));
        await using var database = servers.Training.Open();
        // What deleting a project does to it.
        await database.Database.ExecuteSqlAsync($"UPDATE exports SET state = 'cancelled', completed_at = now() WHERE id = {export.Id}", TestContext.Current.CancellationToken);
        await bench.Engine.Client.WakeAsync(export.Id, "cancel", TestContext.Current.CancellationToken);

        Assert.Equal(ExportState.Cancelled, (await end).State);
        Assert.Equal((export.Id, 1), Assert.Single(bench.Trainer.Cancelled));
        Assert.Equal(AttemptState.Cancelled, Assert.Single(await bench.AttemptsAsync(export.Id)).State);
        Assert.False(await database.TrainerLeases.AnyAsync(lease => database.Attempts.Any(attempt => attempt.Id == lease.AttemptId && attempt.SubjectId == export.Id), TestContext.Current.CancellationToken));
    }

    private static AttemptEvent Event(string type) => new() { Seq = 0, Time = default, Type = type };
}
