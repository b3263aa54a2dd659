using VisionPlatform.Api.Training;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

public sealed class TrainerErrorFilesTests
{
    [Fact]
    public void The_error_codes_of_the_sdk_are_those_of_the_table() =>
        Assert.True(Read("sdk/trainer_sdk/error_codes.py") == TrainerErrorFiles.Python(), "trainers/sdk/trainer_sdk/error_codes.py differs from ErrorCodes: run ./platform errors");

    [Fact]
    public void The_error_codes_of_the_schema_are_those_of_the_table() =>
        Assert.True(Read("protocol.schema.json") is var schema && schema == TrainerErrorFiles.Schema(schema), "trainers/protocol.schema.json differs from ErrorCodes: run ./platform errors");

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, "trainers", path));
}
