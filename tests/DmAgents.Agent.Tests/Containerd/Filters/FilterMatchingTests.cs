using DmAgents.Agent.Containerd.Filters;
using DmAgents.Api.Containerd.Snapshots.V1;

namespace DmAgents.Agent.Tests.Containerd.Filters;

public class FilterMatchingTests
{
    private const string Ref = "containerd.io/snapshot.ref";

    private static readonly Info[] _snapshots =
    [
        Snapshot("base", "", Kind.Committed, (Ref, "sha256:11"), ("foo", "true")),
        Snapshot("layer", "base", Kind.Committed, (Ref, "sha256:22"), ("foo", "omg_asdf.asdf-qwer")),
        Snapshot("web", "layer", Kind.Active, ("more complex label", "present"), ("empty", "")),
        Snapshot("look", "layer", Kind.View, ("with \\ and \".post", "present")),
        Snapshot("plain, yo", "", Kind.Active),
    ];

    [Theory]
    [InlineData("", "base layer web look plain, yo")]
    [InlineData("name", "base layer web look plain, yo")]
    [InlineData("name==base", "base")]
    [InlineData("name==nobody", "")]
    [InlineData("name==\"plain, yo\"", "plain, yo")]
    [InlineData("name.whatever==base", "base")]
    [InlineData("\"name\"==base", "base")]
    [InlineData("Name", "")]
    [InlineData("name!=base", "layer web look plain, yo")]
    [InlineData("parent", "base layer web look plain, yo")]
    [InlineData("parent==layer", "web look")]
    [InlineData("parent==\"\"", "base plain, yo")]
    [InlineData("parent!=\"\"", "layer web look")]
    [InlineData("kind==active", "web plain, yo")]
    [InlineData("kind==view", "look")]
    [InlineData("kind==committed", "base layer")]
    [InlineData("kind==Active", "")]
    [InlineData("kind!=committed", "web look plain, yo")]
    [InlineData("kind~=^(active|view)$", "web look plain, yo")]
    [InlineData("labels.foo", "base layer")]
    [InlineData("labels.foo==true", "base")]
    [InlineData("labels.foo==omg_asdf.asdf-qwer", "layer")]
    [InlineData("labels.\"containerd.io/snapshot.ref\"==sha256:22", "layer")]
    [InlineData("labels.containerd.\"io/snapshot\".ref", "base layer")]
    [InlineData("labels.\"more complex label\"", "web")]
    [InlineData("labels.\"with \\\\ and \\\"\".post==present", "look")]
    [InlineData("labels", "")]
    [InlineData("labels.empty", "web")]
    [InlineData("labels.empty==\"\"", "web")]
    [InlineData("labels.foo==\"\"", "")]
    [InlineData("labels.foo!=true", "layer web look plain, yo")]
    [InlineData("labels.foo!=\"\"", "base layer")]
    [InlineData("labels.foo~=/.*/", "base layer web look plain, yo")]
    [InlineData("labels.foo~=/.+/", "base layer")]
    [InlineData("name~=a", "base layer plain, yo")]
    [InlineData("name~=/[abc]{1,2}/,name!=base", "layer web plain, yo")]
    [InlineData("name~=^l", "layer look")]
    [InlineData("nothing", "")]
    [InlineData("nothing==\"\"", "")]
    [InlineData("nothing!=x", "base layer web look plain, yo")]
    [InlineData("nothing~=^$", "base layer web look plain, yo")]
    [InlineData("kind==committed,parent==base", "layer")]
    [InlineData("kind==committed,labels.foo,name", "base layer")]
    [InlineData("name==base,name==layer", "")]
    [InlineData("name!=\"\\xff\"", "base layer web look plain, yo")]
    [InlineData("name==\"\\xff\"", "")]
    public void A_filter_holds_where_all_of_its_selectors_do(string filter, string names) =>
        Assert.Equal(names, Names(filter));

    [Fact]
    public void No_filter_lets_everything_pass() => Assert.Equal(Names(""), Names());

    [Fact]
    public void One_of_several_filters_is_enough() =>
        Assert.Equal("base web", Names("kind==active,parent==layer", "labels.foo==true", "name==nobody"));

    [Fact]
    public void An_empty_filter_among_others_lets_everything_pass() => Assert.Equal(Names(), Names("name==base", ""));

    [Fact]
    public void A_kind_that_is_not_known_is_absent()
    {
        var snapshot = new SnapshotFields(Snapshot("odd", "", Kind.Unknown));
        Assert.False(snapshot.TryField(["kind"], out var kind));
        Assert.Empty(kind);
    }

    private static string Names(params string[] filters)
    {
        Assert.True(FilterSet.TryParse(filters, out var set, out var error), error);
        return string.Join(
            ' ', _snapshots.Where(snapshot => set.Matches(new SnapshotFields(snapshot))).Select(found => found.Name));
    }

    private static Info Snapshot(string name, string parent, Kind kind, params (string Key, string Value)[] labels)
    {
        var info = new Info { Name = name, Parent = parent, Kind = kind };
        foreach (var (key, value) in labels)
            info.Labels.Add(key, value);
        return info;
    }
}
