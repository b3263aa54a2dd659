using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Datasets;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>Input that cannot be trained is refused with a reason and changes nothing.</summary>
[Collection(nameof(TrainingLab))]
public sealed class TrainingInputTests(TrainingLab lab)
{
    [Theory]
    [InlineData("""{"epochs":0}""", "config.epochs")]
    [InlineData("""{"epochs":1000000}""", "config.epochs")]
    [InlineData("""{"epochs":1.5}""", "config.epochs")]
    [InlineData("""{"epochs":"many"}""", "config.epochs")]
    [InlineData("""{"epochs":1,"batchSize":0}""", "config.batchSize")]
    [InlineData("""{"epochs":1,"learningRate":1}""", "config.learningRate")]
    [InlineData("""{"epochs":1,"optimizer":"magic"}""", "config.optimizer")]
    [InlineData("""{"epochs":1,"epoch":3}""", "config.epoch")]
    public async Task A_configuration_outside_the_schema_is_refused_and_the_answer_names_the_field(string config, string field)
    {
        var refused = await lab.Admin.PostAsync("training/jobs", lab.Job(System.Text.Json.JsonDocument.Parse(config).RootElement));
        Assert.NotEmpty(refused.Expect(422, "INVALID_CONFIG").ErrorsOf(field));
        Assert.Equal("user", refused.Text("category"));
        Assert.NotEmpty(refused.Text("suggestedAction")!);
    }

    [Fact]
    public async Task An_unknown_model_or_framework_is_refused_and_the_answer_lists_the_known_ones()
    {
        var model = (await lab.Admin.PostAsync("training/jobs", lab.Job(new { epochs = 1 }, model: "resnet9000"))).Expect(422, "UNKNOWN_MODEL");
        Assert.Contains("resnet18", model.Text("detail"), StringComparison.Ordinal);
        var framework = (await lab.Admin.PostAsync("training/jobs", new
        {
            projectId = lab.ProjectId, datasetVersionId = lab.DatasetVersionId, framework = "abacus", model = "small_cnn",
        })).Expect(422, "UNKNOWN_FRAMEWORK");
        Assert.Contains("torchvision", framework.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_advanced_field_needs_the_permission_for_it_unless_its_value_is_the_default_or_that_of_a_preset()
    {
        var engineer = await lab.NewMemberAsync(SystemRole.StandardEngineer);
        var refused = (await engineer.PostAsync("training/jobs", lab.Job(new { epochs = 1, seed = 7, weightDecay = 0.5 }))).Expect(403, "FORBIDDEN");
        Assert.Equal("training:advanced", refused.Text("permission"));
        Assert.NotEmpty(refused.ErrorsOf("config.seed"));
        Assert.NotEmpty(refused.ErrorsOf("config.weightDecay"));
        (await engineer.PostAsync("training/jobs", lab.Job(new { epochs = 1, learningRate = 0.5 }))).Expect(201);
        (await engineer.PostAsync("training/jobs", lab.Job(new { epochs = 1, seed = 42, weightDecay = 0.01, earlyStoppingPatience = 12 }))).Expect(201);
        var advanced = await lab.NewMemberAsync(SystemRole.AdvancedEngineer);
        (await advanced.PostAsync("training/jobs", lab.Job(new { epochs = 1, seed = 7 }))).Expect(201);
    }

    [Fact]
    public async Task A_value_that_only_the_trainer_refuses_fails_the_job_and_the_error_names_the_field()
    {
        // Each value is within the schema, but adam takes no momentum.
        var id = (await lab.Admin.PostAsync("training/jobs", lab.Job(new { epochs = 1, optimizer = "adam", momentum = 0.5 }))).Expect(201).Id;
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        var job = await lab.WaitForStateAsync(id, "failed");
        Assert.Equal("INVALID_CONFIG", job.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("config.momentum", job.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Single(TrainingLab.AttemptsOf(job));
    }

    [Fact]
    public async Task A_job_on_a_deleted_dataset_can_be_neither_created_nor_started()
    {
        var dataset = await lab.Admin.NewDatasetAsync(lab.ProjectId);
        await lab.Admin.UploadAsync(dataset, DatasetClient.Files(4));
        var version = (await lab.Admin.PublishAsync(dataset)).Id;
        var body = new { projectId = lab.ProjectId, datasetVersionId = version, framework = "torchvision", model = "small_cnn", config = new { epochs = 1 } };
        var before = (await lab.Admin.PostAsync("training/jobs", body)).Expect(201).Id;
        (await lab.Admin.DeleteAsync($"datasets/{dataset}")).Expect(204);

        (await lab.Admin.PostAsync("training/jobs", body)).Expect(409, "DATASET_DELETED");
        (await lab.Admin.PostAsync($"training/jobs/{before}/start")).Expect(409, "DATASET_DELETED");
        Assert.Equal("pending", TrainingLab.StateOf(await lab.ReadJobAsync(before)));
    }

    [Fact]
    public async Task A_job_says_which_classes_its_split_leaves_without_images()
    {
        var dataset = await lab.Admin.NewDatasetAsync(lab.ProjectId);
        await lab.Admin.UploadAsync(dataset, DatasetClient.Files(2));
        var version = (await lab.Admin.PublishAsync(dataset)).Id;

        var job = (await lab.Admin.PostAsync("training/jobs", new
        {
            projectId = lab.ProjectId, datasetVersionId = version, framework = "torchvision", model = "small_cnn", config = new { epochs = 1 },
            split = new { ratios = (double[])[0.5, 0.5], stratified = true },
        })).Expect(201);

        var warnings = job.Body.GetProperty("warnings").EnumerateArray().ToList();
        Assert.Equal(2, warnings.Count);
        Assert.All(warnings, warning => Assert.Equal("class_not_in_val", warning.GetProperty("kind").GetString()));
        Assert.Equal(1, warnings[0].GetProperty("images").GetProperty("train").GetInt32());
    }

    [Fact]
    public async Task A_dataset_version_of_another_project_is_not_found()
    {
        var other = await lab.Admin.NewProjectAsync();
        (await lab.Admin.PostAsync("training/jobs", new
        {
            projectId = other, datasetVersionId = lab.DatasetVersionId, framework = "torchvision", model = "small_cnn", config = new { epochs = 1 },
        })).Expect(404, "NOT_FOUND");
    }

    [Fact]
    public async Task Only_a_pending_job_starts_and_only_an_ended_one_restarts()
    {
        var id = await lab.NewJobAsync(epochs: 1);
        (await lab.Admin.PostAsync($"training/jobs/{id}/restart")).Expect(409, "INVALID_STATE");
        (await lab.Admin.PostAsync($"training/jobs/{id}/cancel")).Expect(202);
        Assert.Equal("cancelled", TrainingLab.StateOf(await lab.ReadJobAsync(id)));
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(409, "INVALID_STATE");
    }

    [Fact]
    public async Task A_person_outside_the_project_sees_neither_the_job_nor_its_stream_nor_its_model()
    {
        var id = await lab.NewJobAsync(epochs: 1);
        using var stranger = await lab.NewStrangerAsync();
        foreach (var path in (string[])["", "/events", "/logs", "/metrics", "/checkpoints"])
            (await stranger.GetAsync($"training/jobs/{id}{path}")).Expect(404, "NOT_FOUND");
        (await stranger.PostAsync($"training/jobs/{id}/start")).Expect(404, "NOT_FOUND");
        (await stranger.PostAsync("training/jobs", lab.Job(new { epochs = 1 }))).Expect(404, "NOT_FOUND");
        (await stranger.GetAsync($"models?projectId={lab.ProjectId}")).Expect(404, "NOT_FOUND");
        Assert.Equal("pending", TrainingLab.StateOf(await lab.ReadJobAsync(id)));
    }

    [Fact]
    public async Task An_export_of_an_unknown_format_or_option_is_refused()
    {
        var job = await lab.WaitForStateAsync(await lab.StartJobAsync(epochs: 1, name: "export inputs"), "completed");
        var version = job.GetProperty("modelVersionId");
        (await lab.Admin.PostAsync("exports", new { modelVersionId = version, formats = new[] { "floppy" } })).Expect(422, "UNKNOWN_EXPORT_FORMAT");
        (await lab.Admin.PostAsync("exports", new { modelVersionId = version, formats = Array.Empty<string>() })).Expect(422, "VALIDATION_FAILED");
        (await lab.Admin.PostAsync("exports", new { modelVersionId = version, formats = new[] { "onnx" }, options = new { onnx = new { opset = 3 } } })).Expect(422, "INVALID_CONFIG");
        (await lab.Admin.PostAsync("exports", new { modelVersionId = Guid.NewGuid(), formats = new[] { "onnx" } })).Expect(404, "NOT_FOUND");
        Assert.Empty((await lab.Admin.GetAsync($"exports?modelVersionId={version}")).Expect(200).Items);
    }
}
