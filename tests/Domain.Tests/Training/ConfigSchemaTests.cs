using System.Text.Json;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Domain.Tests.Training;

public sealed class ConfigSchemaTests
{
    private static readonly ConfigSchema Schema = new(
    [
        Field("epochs", "int", min: 1, max: 1000, required: true),
        Field("learningRate", "float", min: 0, max: 1) with { ExclusiveMin = true, ExclusiveMax = true },
        Field("mixedPrecision", "bool"),
        Field("optimizer", "select", options: ["adam", "sgd"]),
    ], null);

    [Fact]
    public void Values_within_the_schema_are_accepted() =>
        Assert.Empty(Check("""{"epochs":10,"learningRate":0.001,"mixedPrecision":false,"optimizer":"adam"}"""));

    [Theory]
    [InlineData("""{"epochs":0}""", "config.epochs", "at least 1 and at most 1000")]
    [InlineData("""{"epochs":1000000}""", "config.epochs", "at least 1 and at most 1000")]
    [InlineData("""{"epochs":1.5}""", "config.epochs", "whole number")]
    [InlineData("""{"epochs":"ten"}""", "config.epochs", "whole number")]
    [InlineData("""{"epochs":1,"learningRate":1}""", "config.learningRate", "above 0 and below 1")]
    [InlineData("""{"epochs":1,"learningRate":0}""", "config.learningRate", "above 0 and below 1")]
    [InlineData("""{"epochs":1,"learningRate":null}""", "config.learningRate", "number")]
    [InlineData("""{"epochs":1,"mixedPrecision":"yes"}""", "config.mixedPrecision", "true or false")]
    [InlineData("""{"epochs":1,"optimizer":"adamax"}""", "config.optimizer", "adam, sgd")]
    [InlineData("""{"epochs":1,"epoch":3}""", "config.epoch", "no such field")]
    [InlineData("""{}""", "config.epochs", "required")]
    public void The_message_for_a_wrong_value_names_the_field_and_what_is_allowed(string config, string field, string message)
    {
        var (name, messages) = Assert.Single(Check(config));
        Assert.Equal(field, name);
        Assert.Contains(message, Assert.Single(messages), StringComparison.Ordinal);
    }

    private static Dictionary<string, string[]> Check(string config) =>
        Schema.Validate(JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(config)!);

    private static ConfigField Field(string name, string type, double? min = null, double? max = null, string[]? options = null, bool required = false) =>
        new(name, type, null, min, max, options?.Select(o => JsonSerializer.SerializeToElement(o)).ToList(), null, false, required, null);
}
