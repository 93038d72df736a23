using DmAgents.Domain.Layers;

namespace DmAgents.Images.Docker;

/// <content>The layer database: each layer's device and parent. No other file has the parents.</content>
public sealed partial class DockerStoreReader
{
    private const string LayerDatabase = $"image/{Driver}/layerdb";
    private const string LayerDirectory = LayerDatabase + "/sha256";

    private List<DockerLayer> ReadLayers()
    {
        var layers = new List<DockerLayer>();
        foreach (var name in _files.Names(LayerDirectory))
        {
            if (ReadLayer(name, out var why) is { } layer)
                layers.Add(layer);
            else
                _files.Find(FindingGravity.Loss, "the layer is left out", why, $"layer {Short(name)}");
        }
        return layers;
    }

    private DockerLayer? ReadLayer(string name, out string why)
    {
        why = "";
        if (!Digest.TryParse($"sha256:{name}", out var digest))
            why = "its directory has no name of Docker's";
        else if (_files.Line($"{LayerDirectory}/{name}/cache-id") is not { } device || !DeviceHash().IsMatch(device))
            why = "its cache-id, which names its device, is missing or damaged";
        else if (!Digest.TryParse(_files.Line($"{LayerDirectory}/{name}/diff"), out var diff))
            why = "its diff, which identifies its content, is missing or damaged";
        else if (!ReadParent($"{LayerDirectory}/{name}/parent", out var parent))
            why = "its parent is damaged";
        else if (ChainId.Of(parent, diff) != new ChainId(digest))
            why = "it is not the one that its diff and its parent make: they are another layer's";
        else
            return new DockerLayer(new ChainId(digest), parent, diff, device);
        return null;
    }

    /// <summary>A layer directly on the base has no such file.</summary>
    private bool ReadParent(string file, out ChainId? parent)
    {
        parent = null;
        if (_files.Line(file) is not { } line)
            return true;
        if (!Digest.TryParse(line, out var digest))
            return false;
        parent = new ChainId(digest);
        return true;
    }
}
