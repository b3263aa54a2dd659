using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using VisionPlatform.Platform.Tests.Datasets;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>Detection, segmentation and keypoints from an annotation file to a model, with the real trainer and drawn pictures.</summary>
[Collection(nameof(TrainingLab))]
public sealed class OtherTaskTests(TrainingLab lab)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("object_detection", "small_detector", "mAP50-95", "mAP50")]
    [InlineData("semantic_segmentation", "small_segmenter", "mIoU", "pixel_accuracy")]
    [InlineData("keypoint_detection", "small_keypoint_detector", "mAP_keypoints50-95", "mAP50")]
    public async Task A_model_is_trained_from_imported_annotations(string task, string model, string primary, string other)
    {
        var (images, files) = await ComposeAsync(task);
        var keypoints = task == "keypoint_detection" ? new { names = new[] { "tip", "left", "right" }, flip = new[] { 0, 2, 1 } } : null;
        var dataset = (await lab.Admin.PostAsync("datasets", new { projectId = lab.ProjectId, name = task, taskType = task, keypoints })).Expect(201).Id;
        await lab.Admin.UploadAsync(dataset, [.. images]);
        foreach (var (split, content) in files)
            await ImportAsync(dataset, split, content);
        var version = await lab.Admin.PublishAsync(dataset);

        var id = (await lab.Admin.PostAsync("training/jobs", new { projectId = lab.ProjectId, datasetVersionId = version.Id, framework = lab.Trainer.Name, model, config = new { epochs = 2 } })).Expect(201).Id;
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        var job = await lab.WaitForStateAsync(id, "completed");

        Assert.Equal(primary, job.GetProperty("primaryMetric").GetString());
        var best = job.GetProperty("bestMetrics");
        Assert.InRange(best.GetProperty(primary).GetDouble(), 0, 1);
        Assert.InRange(best.GetProperty(other).GetDouble(), 0, 1);
        Assert.Equal(images.Count, version.Body.GetProperty("imageCount").GetInt32());
        var epochs = await lab.Admin.GetAsync($"training/jobs/{id}/metrics");
        Assert.Equal(2, epochs.Expect(200).Items.Count);
        await ExportAsync(job.GetProperty("modelVersionId").GetGuid(), task, primary);
    }

    /// <summary>To a file, its certificate and its package; what is not possible is refused with the reason that the API gives.</summary>
    private async Task ExportAsync(Guid modelVersionId, string task, string primary)
    {
        var matrix = (await lab.Admin.GetAsync("exports/formats")).Expect(200).Items
            .Where(row => (row.GetProperty("framework").GetString(), row.GetProperty("taskType").GetString()) == (lab.Trainer.Name, task)).ToList();
        Assert.Equal(6 * 3, matrix.Count);
        foreach (var row in matrix.Where(row => !row.GetProperty("available").GetBoolean()))
        {
            var (format, precision) = (row.GetProperty("format").GetString()!, row.GetProperty("precision").GetString()!);
            var refused = await lab.Admin.PostAsync("exports", new { modelVersionId, formats = new[] { format }, options = new Dictionary<string, object> { [format] = new { precision } } });
            Assert.Contains(row.GetProperty("reason").GetString()!, refused.Expect(422).RawText, StringComparison.Ordinal);
        }

        // A model that learned so little is sure of nothing.
        var options = task == "semantic_segmentation" ? null : new { onnx = new { scoreThreshold = 0.002 } };
        var started = (await lab.Admin.PostAsync("exports", new { modelVersionId, formats = new[] { "onnx" }, options })).Expect(202).Items[0].GetProperty("id").GetGuid();
        ApiAnswer? export = null;
        await Waiting.UntilAsync(async () => (export = (await lab.Admin.GetAsync($"exports/{started}")).Expect(200)).Text("state") is "completed" or "failed", "the export ends", seconds: 300);
        Assert.True(export!.Text("state") == "completed", export.RawText);
        var certificate = export.Body.GetProperty("certificate");
        Assert.Equal(primary, certificate.GetProperty("metric").GetString());
        Assert.Equal(certificate.GetProperty("before").GetDouble(), certificate.GetProperty("after").GetDouble(), 0.05);
        Assert.InRange(certificate.GetProperty("agreement").GetDouble(), 0.99, 1);
        Assert.StartsWith("onnxruntime", certificate.GetProperty("engine").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(certificate.GetProperty("notMeasured").EnumerateArray(), text => text.GetString()!.Contains("no object", StringComparison.Ordinal));

        var file = await DownloadAsync($"exports/{started}/download");
        Assert.Equal((export.Body.GetProperty("size").GetInt64(), export.Text("sha256")), (file.Length, Convert.ToHexStringLower(SHA256.HashData(file))));
        var package = await DownloadAsync($"exports/{started}/package");
        Assert.Equal((export.Body.GetProperty("packageSize").GetInt64(), export.Text("packageSha256")), (package.Length, Convert.ToHexStringLower(SHA256.HashData(package))));
        await using var zip = new ZipArchive(new MemoryStream(package));
        Assert.Superset(new HashSet<string> { "model.onnx", "metadata.json", "certificate.json", "example.py", "LICENCE.txt", "golden/0.image", "golden/0.npz" }, zip.Entries.Select(entry => entry.FullName).ToHashSet());
        using var model = new MemoryStream();
        await using (var packed = await zip.GetEntry("model.onnx")!.OpenAsync(Cancellation))
            await packed.CopyToAsync(model, Cancellation);
        Assert.Equal(file, model.ToArray());
    }

    private async Task<byte[]> DownloadAsync(string path)
    {
        using var http = new HttpClient();
        return await http.GetByteArrayAsync((await lab.Admin.GetAsync(path)).Expect(200).Text("url"), Cancellation);
    }

    private async Task ImportAsync(Guid dataset, string folder, byte[] content)
    {
        var announced = (await lab.Admin.PostAsync($"datasets/{dataset}/annotation-imports", new { name = $"{folder}.json", size = content.Length, addClasses = true, folder })).Expect(201);
        Assert.Equal(200, await DatasetClient.PutAsync(announced.Body, content));
        var address = $"datasets/{dataset}/annotation-imports/{announced.Body.GetProperty("import").GetProperty("id").GetGuid()}";
        (await lab.Admin.PostAsync(address + "/complete", new { })).Expect(202);
        ApiAnswer? import = null;
        await Waiting.UntilAsync(async () => (import = (await lab.Admin.GetAsync(address)).Expect(200)).Text("state") != "importing", "the annotations are imported");
        Assert.Equal(("completed", 0), (import!.Text("state"), import.Body.GetProperty("refusedImages").GetInt32()));
    }

    /// <summary>Pictures as <c>train/….png</c>, and a COCO file for each split.</summary>
    private static async Task<(List<(string Path, byte[] Content)> Images, List<(string Split, byte[] Content)> Files)> ComposeAsync(string task)
    {
        var folder = Directory.CreateTempSubdirectory("shapes-").FullName;
        try
        {
            using var python = Process.Start(new ProcessStartInfo(
                "/usr/bin/python3", [Path.Combine(Repository.Root, "trainers", "datasets", "composed.py"), folder, "--task", task, "--count", "36", "--size", "64"]) { RedirectStandardOutput = true })!;
            await python.StandardOutput.ReadToEndAsync(Cancellation);
            await python.WaitForExitAsync(Cancellation);
            Assert.Equal(0, python.ExitCode);
            var images = Path.Combine(folder, "images");
            return (
                [.. Directory.GetFiles(images, "*.png", SearchOption.AllDirectories).Order().Select(file => (Path.GetRelativePath(images, file), File.ReadAllBytes(file)))],
                [.. Directory.GetFiles(Path.Combine(folder, "annotations")).Order().Select(file => (Path.GetFileNameWithoutExtension(file), File.ReadAllBytes(file)))]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
