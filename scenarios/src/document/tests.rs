use super::*;
use crate::loader::NoFiles;

#[test]
fn names_in_extends_are_relative_to_the_file_that_says_them() {
    assert_eq!(join("mine.toml", "base/eu.toml"), "base/eu.toml");
    assert_eq!(join("plans/mine.toml", "./eu.toml"), "plans/eu.toml");
    assert_eq!(join("plans/deep/mine.toml", "../eu.toml"), "plans/eu.toml");
    assert_eq!(join("mine.toml", "../eu.toml"), "../eu.toml");
    assert_eq!(join("plans/mine.toml", "smoke"), "smoke");
}

#[test]
fn inputs_are_recorded_without_the_folder_they_were_read_from() {
    struct Disk;
    impl Loader for Disk {
        fn load(&self, path: &str) -> Result<Vec<u8>, String> {
            let extends = "schema = 1\nname = \"mine\"\nextends = [\"smoke\"]\n";
            if path == "/home/plans/mine.toml" { Ok(extends.into()) } else { Err(path.to_owned()) }
        }
    }
    let resolved = Document::open("/home/plans/mine.toml", &Disk).unwrap().resolve(&Disk).unwrap();
    let names: Vec<&str> = resolved.inputs.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(names, ["mine.toml", "smoke"]);
    assert_eq!(resolved.gates[0].place.file, "scenarios/library/smoke.toml");
}

#[test]
fn a_trace_file_becomes_part_of_the_world_and_of_the_record() {
    struct Trace;
    impl Loader for Trace {
        fn load(&self, path: &str) -> Result<Vec<u8>, String> {
            assert_eq!(path, "traces/commute.json");
            Ok(br#"[{"duration_ms": 1000, "bandwidth_kbps": 900.7, "latency_ms": 20.5}]"#.to_vec())
        }
    }
    let mut document = Document::open("smoke", &NoFiles).unwrap();
    document.set("audience.cohort.tv.access", "{ trace = \"traces/commute.json\" }").unwrap();
    let resolved = document.resolve(&Trace).unwrap();
    let crate::world::Access::Trace { periods, .. } = &resolved.arms[0].world.audience.cohorts[0].access
    else {
        panic!("not a trace");
    };
    assert_eq!((periods[0].rate.0, periods[0].latency.0), (900, 20_500));
    assert_eq!(resolved.inputs[1].name, "traces/commute.json");
    let again = Document::from_record(&resolved).unwrap();
    assert_eq!(again.resolve(&Recorded(&resolved.inputs)).unwrap(), resolved);
}

#[test]
fn values_from_the_command_line_are_toml_or_plain_words() {
    let at = Place(3);
    assert_eq!(value_node("6s", at).value, Value::String("6s".into()));
    assert_eq!(value_node("6", at).value, Value::Integer(6));
    assert_eq!(value_node("0.5", at).value, Value::Float(0.5));
    assert!(matches!(value_node("[]", at).value, Value::Array(items) if items.is_empty()));
    assert_eq!(value_node("1\nother = 2", at).value, Value::String("1\nother = 2".into()));
}
