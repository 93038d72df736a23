using DmAgents.Api.Containerd.Snapshots.V1;

namespace DmAgents.Agent.Containerd.Filters;

/// <summary>A snapshot's fields, by the names of containerd's own metadata: name, parent, kind (active, view or
/// committed) and labels. Everything after "labels" is one key, including dots; parts after the other names are
/// ignored. A snapshot without a parent has an empty parent field, which counts as present: only <c>parent==""</c>
/// finds the roots.</summary>
internal sealed class SnapshotFields(Info snapshot) : IFilterable
{
    public bool TryField(IReadOnlyList<string> path, out string value)
    {
        value = "";
        switch (path[0])
        {
            case "name":
                value = snapshot.Name;
                return true;
            case "parent":
                value = snapshot.Parent;
                return true;
            case "kind":
                value = KindName(snapshot.Kind);
                return value.Length > 0;
            case "labels" when snapshot.Labels.TryGetValue(string.Join('.', path.Skip(1)), out var label):
                value = label;
                return true;
            default:
                return false;
        }
    }

    private static string KindName(Kind kind) => kind switch
    {
        Kind.Active => "active",
        Kind.View => "view",
        Kind.Committed => "committed",
        _ => "",
    };
}
