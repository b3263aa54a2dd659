using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Domain.Tests.Training;

public sealed class ProposalRuleTests
{
    private static readonly Dictionary<string, string> NoSpellings = [];

    private static AnnotationScope Scope(TaskType task) => new(task, 10, 10, new ClassList(["cat", "dog"]), null);

    [Fact]
    public void Objects_below_the_least_score_are_left_out_and_the_least_sure_gives_the_score()
    {
        var (label, outcome) = ProposalRule.Propose(
            new(Annotations: [new("cat", [1, 1, 2, 2], Confidence: 0.9), new("dog", [2, 2, 30, 3], Confidence: 0.5), new("dog", [1, 1, 2, 2], Confidence: 0.49)]), Scope(TaskType.ObjectDetection), NoSpellings, 0.5);
        var proposal = new ImageProposal { ImageId = Guid.NewGuid(), DatasetId = Guid.NewGuid(), PredictionId = Guid.NewGuid(), ProposedBy = Guid.NewGuid() };
        proposal.Replace(label!);

        Assert.Equal((ProposalOutcome.Done, 0.5), (outcome, proposal.Score));
        Assert.Equal(["cat", "dog"], proposal.ClassNames);
        // In the form in which annotations are stored: inside the image.
        Assert.Equal((double[])[2, 2, 8, 3], proposal.Objects[1].Box);
        Assert.Equal(0.9, proposal.Objects[0].Confidence);
    }

    [Fact]
    public void Areas_have_no_confidence_and_are_taken()
    {
        var (label, outcome) = ProposalRule.Propose(new(Annotations: [new("cat", [1, 1, 2, 2], [[1, 1, 3, 1, 3, 3]])]), Scope(TaskType.SemanticSegmentation), NoSpellings, 0.9);
        Assert.Equal((ProposalOutcome.Done, null), (outcome, label!.Objects.Single().Confidence));
    }

    [Theory]
    [InlineData("horse", 0.9, ProposalOutcome.Refused)]
    [InlineData("cat", 0.4, ProposalOutcome.NothingFound)]
    public void An_image_with_an_object_that_does_not_fit_is_refused_as_a_whole(string name, double confidence, ProposalOutcome outcome) =>
        Assert.Equal((null, outcome), ProposalRule.Propose(new(Annotations: [new(name, [1, 1, 2, 2], Confidence: confidence)]), Scope(TaskType.ObjectDetection), NoSpellings, 0.5));

    [Fact]
    public void A_class_is_proposed_if_it_is_sure_enough_and_a_name()
    {
        Assert.Equal("Cat", ProposalRule.Propose(new("cat", 0.5), Scope(TaskType.ImageClassification), ClassName.Spellings(["Cat"]), 0.5).Label!.Class);
        Assert.Equal(ProposalOutcome.NothingFound, ProposalRule.Propose(new("cat", 0.49), Scope(TaskType.ImageClassification), NoSpellings, 0.5).Outcome);
        Assert.Equal(ProposalOutcome.NothingFound, ProposalRule.Propose(new(Error: "UNREADABLE"), Scope(TaskType.ImageClassification), NoSpellings, 0).Outcome);
        Assert.Equal(ProposalOutcome.Refused, ProposalRule.Propose(new("a/b", 0.9), Scope(TaskType.ImageClassification), NoSpellings, 0.5).Outcome);
    }

    [Fact]
    public void Work_that_has_ended_does_not_end_again()
    {
        var run = new ProposalRun { DatasetId = Guid.NewGuid(), Action = ProposalAction.Accept, CreatedBy = Guid.NewGuid() };
        run.End(ProposalRunState.Cancelled, DateTimeOffset.UnixEpoch);
        run.End(ProposalRunState.Completed, DateTimeOffset.UnixEpoch.AddDays(1));
        Assert.Equal((ProposalRunState.Cancelled, DateTimeOffset.UnixEpoch), (run.State, run.EndedAt));
    }
}
