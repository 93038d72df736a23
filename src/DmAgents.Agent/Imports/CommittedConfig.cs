using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;

namespace DmAgents.Agent.Imports;

/// <summary>The configuration of an image created from a container: that of the container's image, with one more
/// step.</summary>
internal sealed record CommittedConfig(string Digest, string Text)
{
    /// <param name="author">Null: the author of the container's image.</param>
    /// <param name="comment">Comment of the step; null: none.</param>
    public static CommittedConfig Of(
        PoolContents state, DeviceRecord container, string? author, string? comment, DateTimeOffset at)
    {
        var created = at.ToString("O", CultureInfo.InvariantCulture);
        var document = ParentOf(state, container) is { } image && JsonNode.Parse(image.Config) is JsonObject parent
            ? parent
            : new JsonObject { ["architecture"] = Architecture, ["os"] = "linux" };
        document["created"] = created;
        if (author is not null)
            document["author"] = author;
        if (document["history"] is not JsonArray history)
            document["history"] = history = [];
        var step = new JsonObject
        {
            ["created"] = created, ["created_by"] = $"dmagent container commit {container.Key.Name}",
        };
        if (comment is not null)
            step["comment"] = comment;
        history.Add(step);
        var text = document.ToJsonString();
        return new CommittedConfig(Domain.Layers.Digest.Of(Encoding.UTF8.GetBytes(text)).Value, text);
    }

    private static string Architecture =>
        System.Runtime.InteropServices.RuntimeInformation.OSArchitecture
            == System.Runtime.InteropServices.Architecture.Arm64
            ? "arm64" : "amd64";

    private static ImageRecord? ParentOf(PoolContents state, DeviceRecord container) =>
        container.Labels.TryGetValue(DeviceLabels.Image, out var name)
        && ImageReference.TryParse(name, out var reference)
        && state.Images.TryGetValue(reference, out var image)
            ? image
            : container.Parent is { } parent ? state.ImagesOf(parent).FirstOrDefault() : null;
}
