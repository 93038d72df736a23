using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Changes;

/// <summary>How an entry differs from what the tree below has in its place.</summary>
public enum ChangeKind
{
    Added,

    /// <summary>Content, attributes, type, or of which names it is a hard link.</summary>
    Changed,

    /// <summary>With all that was in it.</summary>
    Deleted,
}

/// <summary>One difference between two trees.</summary>
/// <param name="Path">The entry. Of a deleted directory the directory alone.</param>
/// <param name="Stat">As the upper tree has it; of a deleted entry as the lower one had it.</param>
public sealed record TreeChange(TreePath Path, ChangeKind Kind, EntryStat Stat);
