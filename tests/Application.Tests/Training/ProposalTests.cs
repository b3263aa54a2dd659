using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Tests.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using static VisionPlatform.Application.Tests.Training.ProposalWorkbench;

namespace VisionPlatform.Application.Tests.Training;

/// <summary>Answers of predictions as proposals for labels, from the prediction to the label that a person accepted. Images have 8 × 8 pixels.</summary>
public sealed class ProposalTests(DatasetFixture fixture) : IClassFixture<DatasetFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Objects_that_are_sure_enough_are_proposed_and_only_accepted_ones_are_published()
    {
        var bench = await NewAsync(fixture);
        var images = await bench.AddImagesAsync(("1", null), ("2", null), ("3", null), ("4", null), ("5", null));
        await bench.Work.AnnotateAsync(images["1"], []);
        var version = await bench.PublishUnlabeledAsync();
        Assert.Equal((true, 4), (version.Unlabeled, version.ImageCount));
        var prediction = await bench.PredictAsync(
            version, ("2", Objects(("cat", 0.9), ("dog", 0.6), ("dog", 0.4))), ("3", Objects(("dog", 0.8))), ("4", Objects(("cat", 0.3))), ("5", new PredictedAnswer(Error: "UNREADABLE")));

        var run = await bench.RunAsync(ProposalAction.Propose, prediction.Id);

        Assert.Equal((ProposalRunState.Completed, 0.5, 2, 2), (run.State, run.LeastScore, run.Done, run.NothingFound));
        Assert.Equal(new() { ["2"] = ("cat dog", 0.6), ["3"] = ("dog", 0.8) }, await bench.ProposalsAsync());
        // They are no truth.
        Assert.Equal(["1"], (await bench.Work.AnnotationsAsync()).Keys);
        Assert.Equal(ErrorCodes.DatasetEmpty, (await Assert.ThrowsAsync<ProblemException>(() => bench.Work.PublishAsync(annotatedOnly: true))).Error);

        await bench.DecideAsync(decisions => decisions.AcceptAsync(bench.Work.Dataset.Id, images["2"], bench.Person, Cancellation));
        await bench.DecideAsync(decisions => decisions.RejectAsync(bench.Work.Dataset.Id, images["3"], Cancellation));

        Assert.Empty(await bench.ProposalsAsync());
        Assert.Equal(new() { ["1"] = "[]", ["2"] = """[{"class":"cat","box":[1,1,4,3]},{"class":"dog","box":[1,1,4,3]}]""" }, await bench.Work.AnnotationsAsync());
        Assert.Equal(2, (await bench.Work.PublishAsync(annotatedOnly: true)).Version.ImageCount);
        await using var database = fixture.Database();
        Assert.Equal(bench.Person, (await database.ImageAnnotations.SingleAsync(row => row.ImageId == images["2"], Cancellation)).AnnotatedBy);
        foreach (var gone in (Guid[])[images["2"], images["3"]])
            Assert.Equal(ErrorCodes.NotFound, (await Assert.ThrowsAsync<ProblemException>(() => bench.DecideAsync(decisions => decisions.AcceptAsync(bench.Work.Dataset.Id, gone, bench.Person, Cancellation)))).Error);
    }

    [Fact]
    public async Task Proposals_of_a_class_and_score_are_accepted_and_rejected_together()
    {
        var bench = await NewAsync(fixture);
        await bench.AddImagesAsync([.. "123456".Select(name => (name.ToString(), (string?)null))]);
        var prediction = await bench.PredictAsync(
            await bench.PublishUnlabeledAsync(),
            ("1", Objects(("cat", 0.9))), ("2", Objects(("cat", 0.7))), ("3", Objects(("cat", 0.9), ("dog", 0.6))), ("4", Objects(("dog", 0.95))), ("5", Objects(("dog", 0.55))), ("6", Objects(("cat", 0.8))));
        await bench.RunAsync(ProposalAction.Propose, prediction.Id);

        var accepted = await bench.RunAsync(ProposalAction.Accept, name: "cat", least: 0.8);
        var rejected = await bench.RunAsync(ProposalAction.Reject, prediction.Id, "dog", 0.6);

        Assert.Equal((2, 2), (accepted.Done, rejected.Done));
        Assert.Equal(["1", "6"], (await bench.Work.AnnotationsAsync()).Keys);
        Assert.Equal(["2", "5"], (await bench.ProposalsAsync()).Keys);
        Assert.Equal(2, (await bench.RunAsync(ProposalAction.Accept)).Done);
        Assert.Equal(["1", "2", "5", "6"], (await bench.Work.AnnotationsAsync()).Keys);
    }

    [Fact]
    public async Task Images_that_were_labeled_removed_or_replaced_meanwhile_stay_and_are_counted()
    {
        var bench = await NewAsync(fixture);
        var images = await bench.AddImagesAsync([.. "12345".Select(name => (name.ToString(), (string?)null))]);
        var prediction = await bench.PredictAsync(await bench.PublishUnlabeledAsync(), [.. "12345".Select(name => (name.ToString(), Objects(("cat", 0.9))))]);
        await bench.Work.AnnotateAsync(images["1"], []);
        await using var database = fixture.Database();
        await database.DatasetImages.Where(image => image.Id == images["2"] || image.Id == images["3"]).ExecuteDeleteAsync(Cancellation);
        database.Add(bench.NewImage("3"));
        await database.SaveChangesAsync(Cancellation);

        var run = await bench.RunAsync(ProposalAction.Propose, prediction.Id);

        Assert.Equal((2, 1, 2), (run.Done, run.Labeled, run.Gone));
        Assert.Equal(["4", "5"], (await bench.ProposalsAsync()).Keys);
        // A proposal goes with its image, and as soon as somebody labels it.
        await database.DatasetImages.Where(image => image.Id == images["4"]).ExecuteDeleteAsync(Cancellation);
        await bench.Work.AnnotateAsync(images["5"], []);
        Assert.Empty(await bench.ProposalsAsync());
        Assert.Equal(0, (await bench.RunAsync(ProposalAction.Accept)).Done);
        Assert.Equal("[]", (await bench.Work.AnnotationsAsync())["5"]);
    }

    [Fact]
    public async Task An_annotation_file_takes_the_place_of_proposals()
    {
        var bench = await NewAsync(fixture);
        await bench.AddImagesAsync(("1", null), ("2", null));
        await bench.RunAsync(ProposalAction.Propose, (await bench.PredictAsync(await bench.PublishUnlabeledAsync(), ("1", Objects(("cat", 0.9))), ("2", Objects(("cat", 0.9))))).Id);

        await bench.Work.ImportAsync("""{"images":[{"id":1,"file_name":"1"}],"annotations":[],"categories":[]}""");

        Assert.Equal(["2"], (await bench.ProposalsAsync()).Keys);
    }

    [Fact]
    public async Task Each_image_is_counted_once_although_steps_run_twice_and_at_once()
    {
        var bench = await NewAsync(fixture);
        string[] paths = [.. Enumerable.Range(0, 450).Select(i => $"{i:000}")];
        await bench.AddImagesAsync([.. paths.Select(path => (path, (string?)null))]);
        var prediction = await bench.PredictAsync(await bench.PublishUnlabeledAsync(), [.. paths.Select(path => (path, Objects(("cat", 0.9))))]);
        var run = await bench.BeginAsync(ProposalAction.Propose, prediction.Id);

        await Task.WhenAll(bench.StepAsync(run.Id), bench.StepAsync(run.Id), bench.StepAsync(run.Id));
        Assert.False(await bench.StepAsync(run.Id));

        Assert.Equal((ProposalRunState.Completed, 450), (await bench.EndAsync(run.Id)) is var ended ? (ended.State, ended.Done) : default);
        Assert.Equal(paths, (await bench.ProposalsAsync()).Keys);
        var accepting = await bench.BeginAsync(ProposalAction.Accept);
        await Task.WhenAll(bench.StepAsync(accepting.Id), bench.StepAsync(accepting.Id));
        Assert.Equal(450, (await bench.EndAsync(accepting.Id)).Done);
        Assert.Equal(450, (await bench.Work.AnnotationsAsync()).Count);
    }

    [Fact]
    public async Task Classes_are_proposed_as_the_dataset_spells_them_and_become_those_of_the_images()
    {
        var bench = await NewAsync(fixture, TaskType.ImageClassification);
        var images = await bench.AddImagesAsync(("a/1", "Cat"), ("a/2", "dog"), ("3", null), ("4", null), ("5", null));
        var version = await bench.PublishUnlabeledAsync();
        Assert.Equal(3, version.ImageCount);
        var prediction = await bench.PredictAsync(version, ("3", new("cat", 0.9)), ("4", new("cow", 0.7)), ("5", new("dog", 0.2)));

        var run = await bench.RunAsync(ProposalAction.Propose, prediction.Id);

        Assert.Equal((2, 1), (run.Done, run.NothingFound));
        Assert.Equal(new() { ["3"] = ("Cat", 0.9), ["4"] = ("cow", 0.7) }, await bench.ProposalsAsync());
        Assert.Equal(2, (await bench.Work.PublishAsync()).Version.ImageCount);
        await bench.RunAsync(ProposalAction.Accept, name: "Cat");
        await bench.DecideAsync(decisions => decisions.AcceptAsync(bench.Work.Dataset.Id, images["4"], bench.Person, Cancellation));
        Assert.Equal(new() { ["Cat"] = 2, ["cow"] = 1, ["dog"] = 1 }, (await bench.Work.PublishAsync()).Version.ClassCounts);
        Assert.Empty(await bench.ProposalsAsync());
    }

    [Fact]
    public async Task A_class_that_left_the_dataset_is_refused_and_its_proposal_stays()
    {
        var bench = await NewAsync(fixture);
        await bench.AddImagesAsync(("1", null), ("2", null));
        await bench.RunAsync(ProposalAction.Propose, (await bench.PredictAsync(await bench.PublishUnlabeledAsync(), ("1", Objects(("cat", 0.9))), ("2", Objects(("dog", 0.9))))).Id);
        await using var database = fixture.Database();
        await database.Datasets.Where(row => row.Id == bench.Work.Dataset.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.Classes, ["cat"]), Cancellation);

        var run = await bench.RunAsync(ProposalAction.Accept);

        Assert.Equal((1, 1), (run.Done, run.Refused));
        Assert.Equal(["2"], (await bench.ProposalsAsync()).Keys);
    }

    [Fact]
    public async Task Predictions_that_cannot_be_used_are_refused_with_the_reason()
    {
        var (bench, other) = (await NewAsync(fixture), await NewAsync(fixture));
        foreach (var one in (ProposalWorkbench[])[bench, other])
            await one.AddImagesAsync(("1", null));
        var version = await bench.PublishUnlabeledAsync();
        var foreign = await other.PredictAsync(await other.PublishUnlabeledAsync(), ("1", Objects(("cat", 0.9))));
        var strange = await bench.PredictAsync(version, ("1", Objects(("horse", 0.9))));
        var failed = await bench.PredictAsync(version, ("1", Objects(("cat", 0.9))));
        await using var database = fixture.Database();
        await database.Predictions.Where(row => row.Id == failed.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.State, PredictionState.Failed), Cancellation);

        await RefusedAsync(ErrorCodes.PredictionOfOtherDataset, foreign.Id);
        await RefusedAsync(ErrorCodes.ClassNotInDataset, strange.Id);
        await RefusedAsync(ErrorCodes.InvalidState, failed.Id);
        await RefusedAsync(ErrorCodes.NotFound, Guid.NewGuid());

        async Task RefusedAsync(ErrorCode code, Guid prediction) =>
            Assert.Equal(code, (await Assert.ThrowsAsync<ProblemException>(() => bench.BeginAsync(ProposalAction.Propose, prediction))).Error);
    }

    [Fact]
    public async Task Work_ends_with_its_dataset()
    {
        var bench = await NewAsync(fixture);
        await bench.AddImagesAsync(("1", null));
        var run = await bench.BeginAsync(ProposalAction.Propose, (await bench.PredictAsync(await bench.PublishUnlabeledAsync(), ("1", Objects(("cat", 0.9))))).Id);

        await bench.Work.DeleteAsync();

        Assert.False(await bench.StepAsync(run.Id));
        Assert.Equal((ProposalRunState.Cancelled, 0), (await bench.EndAsync(run.Id)) is var ended ? (ended.State, ended.Done) : default);
        Assert.Equal(ErrorCodes.NotFound, (await Assert.ThrowsAsync<ProblemException>(() => bench.BeginAsync(ProposalAction.Accept))).Error);
    }

    [Fact]
    public async Task A_dataset_without_unlabeled_images_or_without_classes_has_nothing_to_predict()
    {
        var bench = await NewAsync(fixture);
        Assert.Equal(ErrorCodes.DatasetEmpty, (await Assert.ThrowsAsync<ProblemException>(bench.PublishUnlabeledAsync)).Error);
        await bench.AddImagesAsync(("1", null));
        await using var database = fixture.Database();
        await database.Datasets.Where(row => row.Id == bench.Work.Dataset.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.Classes, (IReadOnlyList<string>)[]), Cancellation);
        Assert.Equal(ErrorCodes.ValidationFailed, (await Assert.ThrowsAsync<ProblemException>(bench.PublishUnlabeledAsync)).Error);
    }
}
